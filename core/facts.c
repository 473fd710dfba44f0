/* facts.c - reads what a system tells about itself, and puts it on record with its state */
#include "facts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const state_words[] = {[FACT_OK] = "ok",
	[FACT_ABSENT] = "absent",
	[FACT_DENIED] = "denied",
	[FACT_MASKED] = "masked"};

/* ---- reading ---- */

int facts_open(const char *root, const char *path)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s%s", root, path);
	const int fd = open(full, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

enum fact_state facts_state(int error)
{
	return error == -EACCES || error == -EPERM ? FACT_DENIED : FACT_ABSENT;
}

/* Until the end or size bytes: the kernel may give less than was asked for. Bytes or -errno. */
static ssize_t read_fully(int fd, char *text, size_t size)
{
	size_t length = 0;

	while (length < size) {
		const ssize_t got = read(fd, text + length, size - length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		length += (size_t)got;
	}
	return (ssize_t)length;
}

/* Cuts off all but the first line, and the blanks around that. */
static void trim(char *text)
{
	const size_t before = strspn(text, " \t");
	size_t length = strcspn(text + before, "\n");

	while (length && strchr(" \t\r", text[before + length - 1]))
		length--;
	memmove(text, text + before, length);
	text[length] = '\0';
}

/* fd: of facts_open, or its -errno. */
static void read_line(int fd, struct fact *fact)
{
	const ssize_t got = fd < 0 ? fd : read_fully(fd, fact->text, sizeof(fact->text) - 1);

	if (fd >= 0)
		close(fd);
	fact->text[got > 0 ? got : 0] = '\0';
	fact->state = got > 0 ? FACT_OK : got ? facts_state((int)got) : FACT_MASKED;
	trim(fact->text);
}

void facts_line(const char *root, struct fact *fact, const char *path, ...)
{
	char full[PATH_MAX];
	va_list args;

	va_start(args, path);
	vsnprintf(full, sizeof(full), path, args);
	va_end(args);
	read_line(facts_open(root, full), fact);
}

static char *read_text(int fd, enum fact_state *state)
{
	size_t size = 16 * 1024, length = 0;
	char *text = NULL, *larger;
	ssize_t got;

	do {
		size *= 2;
		larger = realloc(text, size);
		got = larger ? read_fully(fd, larger + length, size - 1 - length) : -ENOMEM;
		text = larger ? larger : text;
		length += got > 0 ? (size_t)got : 0;
	} while (got > 0 && length == size - 1);
	*state = got < 0 ? facts_state((int)got) : length ? FACT_OK : FACT_MASKED;
	if (*state != FACT_OK) {
		free(text);
		return NULL;
	}
	text[length] = '\0';
	return text;
}

char *facts_text(const char *root, const char *path, enum fact_state *state)
{
	const int fd = facts_open(root, path);

	if (fd < 0) {
		*state = facts_state(fd);
		return NULL;
	}
	char *text = read_text(fd, state);

	close(fd);
	return text;
}

/* ---- picking ---- */

void facts_field(const char *text, enum fact_state state, const char *key, struct fact *fact)
{
	const size_t length = strlen(key);

	*fact = (struct fact){.state = text ? FACT_ABSENT : state};
	for (const char *line = text; line && fact->state != FACT_OK;) {
		const char *colon = line + length;

		if (!strncmp(line, key, length)) {
			colon += strspn(colon, " \t");
			if (*colon == ':') {
				facts_add(
					fact, "", "%.*s", (int)strcspn(colon + 1, "\n"), colon + 1);
				trim(fact->text);
			}
		}
		line = strchr(line, '\n');
		line += line != NULL;
	}
}

void facts_marked(struct fact *fact)
{
	const size_t start = strcspn(fact->text, "[("), length = strcspn(fact->text + start, "])");

	if (!fact->text[start] || !fact->text[start + length])
		return;
	memmove(fact->text, fact->text + start + 1, length - 1);
	fact->text[length - 1] = '\0';
}

void facts_add(struct fact *fact, const char *separator, const char *format, ...)
{
	const size_t length = strlen(fact->text);
	const size_t start = length ? strlen(separator) : 0, room = sizeof(fact->text) - length;
	va_list args;

	fact->state = FACT_OK;
	if (start >= room)
		return;
	memcpy(fact->text + length, separator, start);
	va_start(args, format);
	vsnprintf(fact->text + length + start, room - start, format, args);
	va_end(args);
}

const char *facts_range(const char *list, int *first, int *last)
{
	char *end;

	list += strspn(list, ", ");
	*first = *last = (int)strtol(list, &end, 10);
	if (end == list)
		return NULL;
	if (*end == '-')
		*last = (int)strtol(end + 1, &end, 10);
	return end;
}

/* ---- writing ---- */

void facts_put(const struct facts *facts, const char *key, const struct fact *fact)
{
	const char *value = fact->text[0] ? fact->text : "none";
	char name[128];

	snprintf(name, sizeof(name), "%s%s", key, facts->suffix);
	results_fact(facts->results, "machine", name, fact->state == FACT_OK ? value : NULL,
		state_words[fact->state]);
}

void facts_say(const struct facts *facts, const char *key, const char *format, ...)
{
	struct fact fact = {.state = FACT_OK};
	va_list args;

	va_start(args, format);
	vsnprintf(fact.text, sizeof(fact.text), format, args);
	va_end(args);
	facts_put(facts, key, &fact);
}

void facts_file(const struct facts *facts, const char *key, const char *path)
{
	struct fact fact;

	facts_line(facts->root, &fact, "%s", path);
	facts_put(facts, key, &fact);
}

void facts_files(const struct facts *facts, const struct fact_file *files, size_t count)
{
	for (size_t i = 0; i < count; i++)
		facts_file(facts, files[i].key, files[i].path);
}

/* ---- every CPU ---- */

/* Neighbours with the same value so far. */
struct stretch {
	int first, last;
	struct fact value;
};

static void add_stretch(struct fact *all, const struct stretch *stretch)
{
	const struct fact *value = &stretch->value;

	facts_add(all, ";", "%d", stretch->first);
	if (stretch->last > stretch->first)
		facts_add(all, "-", "%d", stretch->last);
	facts_add(
		all, "=", "%s", value->state == FACT_OK ? value->text : state_words[value->state]);
}

static void read_cpu(
	const char *root, int cpu, const char *file, struct fact *all, struct stretch *stretch)
{
	struct fact value;

	facts_line(root, &value, "/sys/devices/system/cpu/cpu%d/%s", cpu, file);
	if (stretch->first >= 0 && value.state == stretch->value.state &&
		!strcmp(value.text, stretch->value.text)) {
		stretch->last = cpu;
		return;
	}
	if (stretch->first >= 0)
		add_stretch(all, stretch);
	*stretch = (struct stretch){.first = cpu, .last = cpu, .value = value};
}

void facts_each_cpu(const struct facts *facts, const char *key, const char *file)
{
	struct stretch stretch = {.first = -1};
	struct fact online, all = {.state = FACT_ABSENT};
	int first, last;

	facts_line(facts->root, &online, "/sys/devices/system/cpu/online");
	for (const char *at = online.text; (at = facts_range(at, &first, &last));)
		for (int cpu = first; cpu <= last; cpu++)
			read_cpu(facts->root, cpu, file, &all, &stretch);
	if (all.state == FACT_OK)
		add_stretch(&all, &stretch);
	else if (stretch.first >= 0)
		all = stretch.value;
	else if (online.state != FACT_OK)
		all = online;
	facts_put(facts, key, &all);
}
