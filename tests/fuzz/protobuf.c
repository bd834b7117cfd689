// SPDX-License-Identifier: Apache-2.0
/* Messages of Protocol Buffers: what is read lies in the message, and written again it is the same. */
#include <stdlib.h>
#include <string.h>

#include "base/protobuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned char block[1 << 16];
	struct protobuf_reader in = {data, size};
	struct protobuf_field field, again;

	while (protobuf_next(&in, &field) > 0) {
		struct protobuf_writer out = {.at = block, .size = sizeof(block)};

		if (field.number == 0 || in.at + in.left != data + size)
			abort();
		if (field.data != NULL && (field.data < data || field.data + field.value > data + size))
			abort();
		if (field.data != NULL)
			protobuf_bytes(&out, field.number, field.data, (size_t)field.value);
		else
			protobuf_number(&out, field.number, field.value);
		struct protobuf_reader back = {block, out.length};
		if (!out.full && (protobuf_next(&back, &again) != 1 || again.value != field.value || back.left != 0))
			abort();
	}
	return 0;
}
