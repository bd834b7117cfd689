// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "base/json_reader.h"

enum { FIRST_ROOM = 64 };

static uint32_t hash_of(uint64_t seed, const char *text, size_t length)
{
	uint64_t hash = seed ^ 0xcbf29ce484222325;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3;
	hash ^= hash >> 32;
	hash *= 0x9e3779b97f4a7c15;
	return (uint32_t)(hash >> 32);
}

static uint32_t free_slot(const struct json_keys *keys, uint32_t hash)
{
	size_t slot = hash & (keys->room - 1);

	while (keys->table[slot] != 0)
		slot = (slot + 1) & (keys->room - 1);
	return (uint32_t)slot;
}

/* The table is at most half full. Keys go in again in the order of the stack, so that they can leave in its reverse. */
static void make_room(struct json_keys *keys, struct arena *arena)
{
	if (keys->count * 2 < keys->room)
		return;
	keys->room = keys->room == 0 ? FIRST_ROOM : keys->room * 2;
	struct json_key *stack = arena_alloc(arena, keys->room / 2 * sizeof(*stack));

	if (keys->count != 0)
		memcpy(stack, keys->stack, keys->count * sizeof(*stack));
	keys->stack = stack;
	keys->table = arena_alloc(arena, keys->room * sizeof(*keys->table));
	for (size_t i = 0; i < keys->count; i++) {
		stack[i].slot = free_slot(keys, stack[i].hash);
		keys->table[stack[i].slot] = (uint32_t)i + 1;
	}
}

static bool is_same(const struct json_key *key, uint32_t hash, const char *text, size_t length)
{
	return key->hash == hash && key->length == length && memcmp(key->text, text, length) == 0;
}

bool json_keys_add(struct json_keys *keys, struct arena *arena, size_t first, const char *text, size_t length)
{
	uint32_t hash = hash_of(keys->seed, text, length);

	make_room(keys, arena);
	size_t slot = hash & (keys->room - 1);
	for (; keys->table[slot] != 0; slot = (slot + 1) & (keys->room - 1)) {
		size_t index = keys->table[slot] - 1;

		if (index >= first && is_same(&keys->stack[index], hash, text, length))
			return false;
	}
	keys->stack[keys->count++] =
		(struct json_key){.text = text, .length = length, .hash = hash, .slot = (uint32_t)slot};
	keys->table[slot] = (uint32_t)keys->count;
	return true;
}

void json_keys_drop(struct json_keys *keys, size_t first)
{
	while (keys->count > first) {
		keys->count--;
		keys->table[keys->stack[keys->count].slot] = 0;
	}
}
