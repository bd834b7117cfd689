// SPDX-License-Identifier: Apache-2.0
/* Messages of Protocol Buffers: bytes that are known, numbers at their limits, and what is no message. */
#include <string.h>

#include "base/protobuf.h"
#include "check.h"

static unsigned char block[64];

static struct protobuf_writer writer(size_t size)
{
	memset(block, 0, sizeof(block));
	return (struct protobuf_writer){.at = block, .size = size};
}

/* How many fields @data has; -1: it is no message. */
static int fields(const char *data, size_t size)
{
	struct protobuf_reader in = {(const unsigned char *)data, size};
	struct protobuf_field field;
	int count = 0, more;

	while ((more = protobuf_next(&in, &field)) > 0)
		count++;
	return more < 0 ? -1 : count;
}

static void test_writing(void)
{
	struct protobuf_writer out = writer(sizeof(block));

	test("numbers and texts are written as the format has them");
	protobuf_number(&out, 1, 150);
	protobuf_text(&out, 2, "testing");
	protobuf_text(&out, 3, NULL);
	protobuf_number(&out, 34, 0);
	CHECK(!out.full && out.length == 15);
	CHECK(memcmp(block, "\x08\x96\x01\x12\x07testing\x90\x02\x00", 15) == 0);

	test("what does not fit stays away, and is known");
	out = writer(8);
	protobuf_text(&out, 2, "testing");
	CHECK(out.full);
	out = writer(1);
	protobuf_number(&out, 1, 1);
	CHECK(out.full && out.length == 1);
}

static void test_reading(void)
{
	struct protobuf_writer out = writer(sizeof(block));
	struct protobuf_reader in = {block, 0};
	struct protobuf_field field;

	test("what was written is read again");
	protobuf_number(&out, 536870911, UINT64_MAX);
	protobuf_bytes(&out, 2, "a\0b", 3);
	in.left = out.length;
	CHECK(protobuf_next(&in, &field) == 1 && field.number == 536870911 && field.value == UINT64_MAX);
	CHECK(field.data == NULL);
	CHECK(protobuf_next(&in, &field) == 1 && field.value == 3 && memcmp(field.data, "a\0b", 3) == 0);
	CHECK(protobuf_next(&in, &field) == 0);

	test("fields of types that are not used are passed over, whole");
	CHECK(fields("\x09"
		     "12345678"
		     "\x0d"
		     "1234",
		     14) == 2);
	CHECK(fields("\x09"
		     "1234567",
		     8) == -1 &&
	      fields("\x0d"
		     "123",
		     4) == -1);

	test("what is no message is refused");
	CHECK(fields("\x0a\x05"
		     "abc",
		     5) == -1 &&
	      fields("\x08", 1) == -1 && fields("\x08\x80", 2) == -1);
	CHECK(fields("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11) == -1);
	CHECK(fields("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12) == -1);
	CHECK(fields("\x0b", 1) == -1 && fields("\x00\x00", 2) == -1);
}

int main(void)
{
	test_writing();
	test_reading();
	return check_done();
}
