// SPDX-License-Identifier: Apache-2.0
#include "run/report_queue.h"

#include <string.h>

/* Paths are short: only what is used of them lies in the queue. */
struct packed {
	int32_t number, error;
	struct packed_path {
		enum path_use use;
		uint32_t length;
		bool creates, opens;
	} paths[2];
	uint32_t path_count;
	bool binds;
	uint32_t address_length;
};

static size_t copy_in(struct report_queue *queue, size_t at, const void *from, size_t length)
{
	size_t start = at % REPORT_QUEUE_BYTES;
	size_t first = length < REPORT_QUEUE_BYTES - start ? length : REPORT_QUEUE_BYTES - start;

	memcpy(queue->bytes + start, from, first);
	memcpy(queue->bytes, (const char *)from + first, length - first);
	return at + length;
}

static size_t copy_out(const struct report_queue *queue, size_t at, void *into, size_t length)
{
	size_t start = at % REPORT_QUEUE_BYTES;
	size_t first = length < REPORT_QUEUE_BYTES - start ? length : REPORT_QUEUE_BYTES - start;

	memcpy(into, queue->bytes + start, first);
	memcpy((char *)into + first, queue->bytes, length - first);
	return at + length;
}

static struct packed pack(const struct report_item *item)
{
	struct packed packed = {.number = item->number, .error = item->error};
	const struct report_question *question = &item->question;

	if (item->error >= 0)
		return packed;
	packed.path_count = (uint32_t)question->path_count;
	packed.binds = question->binds;
	packed.address_length = (uint32_t)question->address_length;
	for (size_t i = 0; i < question->path_count; i++)
		packed.paths[i] =
			(struct packed_path){question->paths[i].use, (uint32_t)strlen(question->paths[i].text),
					     question->paths[i].creates, question->paths[i].opens};
	return packed;
}

void report_queue_put(struct report_queue *queue, const struct report_item *item)
{
	struct packed packed = pack(item);
	size_t at = atomic_load_explicit(&queue->put, memory_order_relaxed);
	size_t used = at - atomic_load_explicit(&queue->taken, memory_order_acquire);
	size_t length = sizeof(packed) + packed.address_length;

	for (size_t i = 0; i < packed.path_count; i++)
		length += packed.paths[i].length;
	if (length > REPORT_QUEUE_BYTES - used) {
		atomic_fetch_add_explicit(&queue->lost, 1, memory_order_relaxed);
		return;
	}
	at = copy_in(queue, at, &packed, sizeof(packed));
	at = copy_in(queue, at, &item->question.address, packed.address_length);
	for (size_t i = 0; i < packed.path_count; i++)
		at = copy_in(queue, at, item->question.paths[i].text, packed.paths[i].length);
	atomic_store_explicit(&queue->put, at, memory_order_release);
}

bool report_queue_take(struct report_queue *queue, struct report_item *ret)
{
	size_t at = atomic_load_explicit(&queue->taken, memory_order_relaxed);
	struct report_question *question = &ret->question;
	struct packed packed;

	if (at == atomic_load_explicit(&queue->put, memory_order_acquire))
		return false;
	at = copy_out(queue, at, &packed, sizeof(packed));
	at = copy_out(queue, at, &question->address, packed.address_length);
	for (size_t i = 0; i < packed.path_count; i++) {
		at = copy_out(queue, at, question->paths[i].text, packed.paths[i].length);
		question->paths[i].text[packed.paths[i].length] = '\0';
		question->paths[i].use = packed.paths[i].use;
		question->paths[i].creates = packed.paths[i].creates;
		question->paths[i].opens = packed.paths[i].opens;
	}
	ret->number = packed.number;
	ret->error = packed.error;
	question->path_count = packed.path_count;
	question->binds = packed.binds;
	question->address_length = packed.address_length;
	atomic_store_explicit(&queue->taken, at, memory_order_release);
	return true;
}
