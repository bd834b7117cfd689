// SPDX-License-Identifier: Apache-2.0
/* Numbers and names of the JSON reader. */
#include "base/json_reader.h"

/* Exact to 64 bits. False for what is no integer or does not fit. */
static bool read_digits(const char *text, size_t length, uint64_t *ret)
{
	uint64_t value = 0;

	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
			return false;
	}
	*ret = value;
	return length > 0;
}

int json_value_unsigned(struct json_reader *r, const struct json_field *field, const char *text, size_t length,
			uint64_t *ret)
{
	uint64_t size_max = field->size == sizeof(uint64_t) ? UINT64_MAX : UINT32_MAX;
	uint64_t max = field->max == 0 ? size_max : field->max;
	uint64_t min = (uint64_t)field->min;

	if (!read_digits(text, length, ret) || *ret < min || *ret > max)
		return json_fail(r, NULL, "must be an integer from %llu to %llu", (unsigned long long)min,
				 (unsigned long long)max);
	return 0;
}

int json_value_signed(struct json_reader *r, const struct json_field *field, const char *text, size_t length,
		      uint64_t *ret)
{
	bool whole = field->min == 0 && field->max == 0;
	bool wide = field->size == sizeof(int64_t);
	int64_t min = !whole ? field->min : wide ? INT64_MIN : INT32_MIN;
	int64_t max = !whole ? (int64_t)field->max : wide ? INT64_MAX : INT32_MAX;
	bool negative = text[0] == '-';
	uint64_t magnitude = 0;

	bool good = read_digits(text + negative, length - negative, &magnitude) &&
		    magnitude <= (uint64_t)INT64_MAX + negative;
	/* The smallest number has no positive twin: negate in unsigned arithmetic. */
	*ret = negative ? 0 - magnitude : magnitude;
	if (!good || (int64_t)*ret < min || (int64_t)*ret > max)
		return json_fail(r, NULL, "must be an integer from %lld to %lld", (long long)min, (long long)max);
	return 0;
}

int json_value_name(struct json_reader *r, const struct json_field *field, const char *text, size_t length,
		    uint64_t *ret)
{
	if (!lookup_value(field->names, text, length, ret))
		return json_fail(r, NULL, "'%.*s' is not %s", (int)(length > 64 ? 64 : length), text,
				 field->names->what);
	return 0;
}
