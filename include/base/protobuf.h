// SPDX-License-Identifier: Apache-2.0
/*
 * The little of Protocol Buffers' wire format that criu(8) speaks: numbers and strings of bytes, by the numbers of
 * their fields. Writing and reading are bounded; nothing is allocated.
 */
#ifndef CASEMATE_BASE_PROTOBUF_H
#define CASEMATE_BASE_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A message that is being written. What does not fit sets `full`, and stays away. */
struct protobuf_writer {
	unsigned char *at;
	size_t length, size;
	bool full;
};

void protobuf_number(struct protobuf_writer *out, uint32_t field, uint64_t value);
void protobuf_bytes(struct protobuf_writer *out, uint32_t field, const void *data, size_t length);
void protobuf_text(struct protobuf_writer *out, uint32_t field, const char *text); /* NULL: no such field */

/* A message that is being read. */
struct protobuf_reader {
	const unsigned char *at;
	size_t left;
};

struct protobuf_field {
	uint32_t number;
	uint64_t value;            /* of a number; the length of bytes */
	const unsigned char *data; /* of bytes, in the message; NULL for a number */
};

/*
 * Reads the next field into *@ret. Returns 1, 0 at the end of the message, and -1 for what is none: a field that
 * reaches beyond it, a number of more than 64 bits, a wire type that is out of use.
 */
int protobuf_next(struct protobuf_reader *in, struct protobuf_field *ret);

#endif
