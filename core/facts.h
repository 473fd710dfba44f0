/* facts.h - reads what a system tells about itself, and puts it on record with its state */
#ifndef BATON_FACTS_H
#define BATON_FACTS_H

#include "results.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Every path stands below a root: "" for this machine, a folder with a proc and a sys of its own in
 * tests. Nothing here fails: what cannot be read is a fact without a value, and its state says why.
 * Sources: proc(5), sysfs(5), and Documentation/ABI of the kernel for the files named by callers.
 */

enum { FACT_TEXT = 4096 };

enum fact_state {
	FACT_OK,
	FACT_ABSENT, /* the machine has no such thing, or does not tell */
	FACT_DENIED, /* not allowed to look (EACCES, EPERM) */
	FACT_MASKED  /* it opens, and not one byte is in it: what containers do to hide a file */
};

/* text is "" unless ok; ok with "" is a list with nothing in it. */
struct fact {
	enum fact_state state;
	char text[FACT_TEXT];
};

/* Where facts come from and go to: all keys of one subject are written with the same ends. */
struct facts {
	struct results *results;
	const char *root;
	const char *suffix; /* of the keys: "", "_kind0", "_start" … */
};

struct fact_file {
	const char *key, *path;
};

/* An open file, to be closed by the caller, or -errno. */
int facts_open(const char *root, const char *path);
enum fact_state facts_state(int error); /* of a -errno */

/* The first line of a file, without blanks around it. */
void facts_line(const char *root, struct fact *fact, const char *path, ...)
	__attribute__((format(printf, 3, 4)));

/* A whole file, to be freed by the caller; NULL, and why in state, unless it is ok. */
char *facts_text(const char *root, const char *path, enum fact_state *state);

/* The value of the first line "key : value" of a text that facts_text gave. */
void facts_field(const char *text, enum fact_state state, const char *key, struct fact *fact);

/* The marked one of several: madvise of "always [madvise] never", full of "none (full)". */
void facts_marked(struct fact *fact);

/* Makes it ok, and adds to its text, after a separator where there is text already. */
void facts_add(struct fact *fact, const char *separator, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The next range of a list of CPUs such as "0-3,8"; NULL at its end, else where to go on. */
const char *facts_range(const char *list, int *first, int *last);

/* Writes one: in scope machine, its key followed by the suffix, an empty list as "none". */
void facts_put(const struct facts *facts, const char *key, const struct fact *fact);
void facts_say(const struct facts *facts, const char *key, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void facts_file(const struct facts *facts, const char *key, const char *path);
void facts_files(const struct facts *facts, const struct fact_file *files, size_t count);

/* The same file of every CPU online: one value where all agree, otherwise ranges of CPUs with the
 * value that those of them which are online have, "0-3=powersave;4-7=performance". */
void facts_each_cpu(const struct facts *facts, const char *key, const char *file);

#endif
