/* die.c - one line on stderr, and out */
#include "die.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void die(enum exit_code code, const char *format, ...)
{
	va_list arguments;

	fputs("baton: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit((int)code);
}
