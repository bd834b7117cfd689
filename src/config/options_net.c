// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "config/options_add.h"

enum { LAST_PORT = 65535 };

static int add_namespaces(const struct adding *a, const char *net, struct error *err)
{
	struct request *request = a->request;
	struct request_namespace *network = &request->linux_.namespaces[NAMESPACE_NETWORK];

	if (strcmp(net, "none") != 0 && strcmp(net, "host") != 0 && strcmp(net, "pasta") != 0 && net[0] != '/')
		return error_set(err, ERROR_USAGE, 0,
				 "--net %s: expected none, pasta, host or the path of a network namespace", net);
	for (enum namespace_kind kind = 0; kind < NAMESPACE_COUNT; kind++)
		request->linux_.namespaces[kind] = (struct request_namespace){
			.given = kind != NAMESPACE_TIME && !request->sandbox.without_userns, .from = "default"};
	request->sandbox.pasta = strcmp(net, "pasta") == 0;
	if (strcmp(net, "host") == 0)
		*network = (struct request_namespace){.from = "--net host"};
	if (net[0] == '/')
		*network = (struct request_namespace){
			.given = true, .path = net, .from = arena_printf(a->arena, "--net %s", net)};
	return 0;
}

static bool parse_port(const char *text, uint32_t *ret)
{
	unsigned long port = strtoul(text, NULL, 10);

	*ret = (uint32_t)port;
	return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0' && strlen(text) <= 5 && port <= LAST_PORT;
}

static int add_ports(const struct adding *a, const cli_words *words, u32_list *ports, struct error *err)
{
	for (size_t i = 0; i < words->count; i++)
		if (!parse_port(words->at[i].value, LIST_ADD(a->arena, ports)))
			return error_set(err, ERROR_USAGE, 0, "%s %s: not a port", words->at[i].option,
					 words->at[i].value);
	return 0;
}

/* "ADDRESS:REST", "[ADDRESS]:REST" or "REST", which is for this machine alone. Cuts @text; returns the rest. */
static char *cut_address(char *text, const char **ret_address)
{
	bool bracket = text[0] == '[';
	char *end = bracket ? strchr(text, ']') : strchr(text, ':');

	*ret_address = "127.0.0.1";
	if (!bracket && strchr(text, '.') == NULL)
		return text;
	*ret_address = text + bracket;
	if (end == NULL || (bracket && end[1] != ':'))
		return text + strlen(text);
	*end = '\0';
	return end + 1 + bracket;
}

/* As pasta(1) wants it: "ADDRESS/PORT:INSIDE". */
static int add_published(const struct adding *a, const struct cli_word *word, struct error *err)
{
	unsigned char binary[sizeof(struct in6_addr)];
	const char *address;
	char *port = cut_address(arena_strdup(a->arena, word->value), &address);
	char *inside = strchr(port, ':');
	uint32_t outer, inner;

	if (inside != NULL)
		*inside++ = '\0';
	if (!a->request->sandbox.pasta)
		return error_set(err, ERROR_USAGE, 0, "--publish %s: this needs --net pasta", word->value);
	if (!parse_port(port, &outer) || !parse_port(inside != NULL ? inside : port, &inner) ||
	    inet_pton(strchr(address, ':') != NULL ? AF_INET6 : AF_INET, address, binary) != 1)
		return error_set(err, ERROR_USAGE, 0, "--publish %s: expected [ADDRESS:]PORT[:INSIDE]", word->value);
	*LIST_ADD(a->arena, &a->request->sandbox.publish) = arena_printf(a->arena, "%s/%u:%u", address, outer, inner);
	return 0;
}

int options_add_net(const struct adding *a, const struct sandbox_options *options, struct error *err)
{
	struct request_sandbox *sandbox = &a->request->sandbox;

	TRY(add_namespaces(a, options->net != NULL ? options->net : "none", err));
	for (size_t i = 0; i < options->publish.count; i++)
		TRY(add_published(a, &options->publish.at[i], err));
	TRY(add_ports(a, &options->bind_tcp, &sandbox->bind_tcp, err));
	return add_ports(a, &options->connect_tcp, &sandbox->connect_tcp, err);
}
