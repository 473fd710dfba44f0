/* units.h - quantities as people read them, in columns */
#ifndef BATON_UNITS_H
#define BATON_UNITS_H

#include <stdio.h>

enum { UNITS_TEXT = 96 };

/* 2.65 µs, 641 k/s: a value in ns or 1/s with three digits that count; "-" for NAN. Returns text.
 */
const char *units_quantity(double value, const char *unit, char text[UNITS_TEXT]);

/* 2.48 – 2.69 in the unit that units_quantity() gives `median`, or with a letter of its own for an
 * end that is far off: 261 – 4.80M. Empty where an end is NAN. Returns text. */
const char *units_interval(
	double low, double high, double median, const char *unit, char text[UNITS_TEXT]);

/* 1.234, 12.3, 0.0123; "-" for NAN. Returns text. */
const char *units_ratio(double value, char text[UNITS_TEXT]);

/* Text in a column of so many characters (not bytes), flush right, or left for a negative width. */
void units_column(FILE *out, int width, const char *text);

/* A field of a CSV row that is not the first: six digits, or NA for NAN. */
void units_csv(FILE *out, double value);

/* Characters of a UTF-8 text. */
int units_length(const char *text);

#endif
