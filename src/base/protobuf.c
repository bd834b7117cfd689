// SPDX-License-Identifier: Apache-2.0
#include "base/protobuf.h"

#include <string.h>

enum wire_type { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

/* ---- writing */

static void put(struct protobuf_writer *out, const void *data, size_t length)
{
	if (out->full || length > out->size - out->length) {
		out->full = true;
		return;
	}
	memcpy(out->at + out->length, data, length);
	out->length += length;
}

static void put_varint(struct protobuf_writer *out, uint64_t value)
{
	unsigned char bytes[10];
	size_t count = 0;

	do {
		bytes[count] = (unsigned char)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
		count++;
		value >>= 7;
	} while (value != 0);
	put(out, bytes, count);
}

void protobuf_number(struct protobuf_writer *out, uint32_t field, uint64_t value)
{
	put_varint(out, (uint64_t)field << 3 | WIRE_VARINT);
	put_varint(out, value);
}

void protobuf_bytes(struct protobuf_writer *out, uint32_t field, const void *data, size_t length)
{
	put_varint(out, (uint64_t)field << 3 | WIRE_BYTES);
	put_varint(out, length);
	put(out, data, length);
}

void protobuf_text(struct protobuf_writer *out, uint32_t field, const char *text)
{
	if (text != NULL)
		protobuf_bytes(out, field, text, strlen(text));
}

/* ---- reading */

static int take_varint(struct protobuf_reader *in, uint64_t *ret)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64 && in->left > 0; shift += 7) {
		unsigned char byte = *in->at++;

		in->left--;
		/* The tenth byte has room for one bit. */
		if (shift == 63 && byte > 1)
			return -1;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if ((byte & 0x80) == 0) {
			*ret = value;
			return 0;
		}
	}
	return -1;
}

static int take_bytes(struct protobuf_reader *in, uint64_t length, struct protobuf_field *ret)
{
	if (length > in->left)
		return -1;
	ret->data = in->at;
	ret->value = length;
	in->at += length;
	in->left -= length;
	return 0;
}

static int take_value(struct protobuf_reader *in, unsigned type, struct protobuf_field *ret)
{
	uint64_t length;

	switch (type) {
	case WIRE_VARINT:
		return take_varint(in, &ret->value);
	case WIRE_FIXED64:
		return take_bytes(in, 8, ret);
	case WIRE_FIXED32:
		return take_bytes(in, 4, ret);
	case WIRE_BYTES:
		return take_varint(in, &length) < 0 ? -1 : take_bytes(in, length, ret);
	default:
		return -1;
	}
}

int protobuf_next(struct protobuf_reader *in, struct protobuf_field *ret)
{
	uint64_t key;

	*ret = (struct protobuf_field){0};
	if (in->left == 0)
		return 0;
	if (take_varint(in, &key) < 0 || key >> 3 == 0 || key >> 3 > UINT32_MAX >> 3)
		return -1;
	ret->number = (uint32_t)(key >> 3);
	return take_value(in, key & 7, ret) < 0 ? -1 : 1;
}
