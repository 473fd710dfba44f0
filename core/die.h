/* die.h - the exit codes, and the one way out when set-up fails */
#ifndef BATON_DIE_H
#define BATON_DIE_H

/* The same for the program and the scripts; 128 + n: interrupted by signal n. */
enum exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1,     /* a cell failed */
	EXIT_USAGE = 2,      /* an option or an input is wrong */
	EXIT_UNFIT = 3,      /* this machine or process cannot be measured */
	EXIT_NO_MATCH = 4,   /* nothing matched */
	EXIT_MISSING = 5,    /* a package or a permission is missing */
	EXIT_UNWRITABLE = 6, /* results cannot be written */
	EXIT_SKIPPED = 77,   /* everything was skipped */
	EXIT_SIGNAL = 128,
};

/* Prints "baton: <text>" as one line to stderr and exits with `code`. Set-up only. */
_Noreturn void die(enum exit_code code, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
