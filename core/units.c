/* units.c - thousands and their words */
#include "units.h"

#include <math.h>
#include <string.h>

/* A value's unit in thousands: the factor and the word for it. */
struct scale {
	double factor;
	const char *word;
};

static struct scale scale_for(double value, const char *unit)
{
	static const struct scale time[] = {{1, "ns"}, {1e3, "µs"}, {1e6, "ms"}, {1e9, "s"}};
	static const struct scale rate[] = {{1, "/s"}, {1e3, "k/s"}, {1e6, "M/s"}, {1e9, "G/s"}};
	const struct scale *scale = strcmp(unit, "ns") ? rate : time;
	int i = 0;

	while (i < 3 && value >= 999.5 * scale[i].factor)
		i++;
	return scale[i];
}

/* Three digits that count. */
static const char *digits(double value, char text[UNITS_TEXT])
{
	snprintf(text, UNITS_TEXT, "%.*f", value < 9.995 ? 2 : value < 99.95 ? 1 : 0, value);
	return text;
}

const char *units_quantity(double value, const char *unit, char text[UNITS_TEXT])
{
	const struct scale scale = scale_for(value, unit);
	char number[UNITS_TEXT];

	if (isnan(value))
		snprintf(text, UNITS_TEXT, "-");
	else
		snprintf(text, UNITS_TEXT, "%.32s %s", digits(value / scale.factor, number),
			scale.word);
	return text;
}

static const char *bound(double value, const char *unit, struct scale median, char text[UNITS_TEXT])
{
	const struct scale own = scale_for(value, unit);
	char number[UNITS_TEXT];

	if (value < 10000 * median.factor && value > 0.01 * median.factor)
		return digits(value / median.factor, text);
	snprintf(text, UNITS_TEXT, "%.32s%.*s", digits(value / own.factor, number),
		own.factor > 1 ? (int)strcspn(own.word, "/s") : 0, own.word);
	return text;
}

const char *units_interval(
	double low, double high, double median, const char *unit, char text[UNITS_TEXT])
{
	const struct scale scale = scale_for(median, unit);
	char from[UNITS_TEXT], to[UNITS_TEXT];

	text[0] = '\0';
	if (!isnan(low) && !isnan(high))
		snprintf(text, UNITS_TEXT, "%.32s – %.32s", bound(low, unit, scale, from),
			bound(high, unit, scale, to));
	return text;
}

const char *units_ratio(double value, char text[UNITS_TEXT])
{
	if (isnan(value))
		snprintf(text, UNITS_TEXT, "-");
	else if (value < 0.1)
		snprintf(text, UNITS_TEXT, "%.3g", value);
	else
		snprintf(text, UNITS_TEXT, "%.*f",
			value < 9.9995  ? 3
			: value < 99.95 ? 2
			: value < 999.5 ? 1
					: 0,
			value);
	return text;
}

int units_length(const char *text)
{
	int length = 0;

	for (; *text; text++)
		length += (*text & 0xc0) != 0x80; /* bytes that begin a character */
	return length;
}

void units_column(FILE *out, int width, const char *text)
{
	const int room = (width < 0 ? -width : width) - units_length(text);

	if (width < 0)
		fputs(text, out);
	fprintf(out, "%*s", room > 0 ? room : 0, "");
	if (width >= 0)
		fputs(text, out);
}

void units_csv(FILE *out, double value)
{
	if (isnan(value))
		fputs(",NA", out);
	else
		fprintf(out, ",%.6g", value);
}
