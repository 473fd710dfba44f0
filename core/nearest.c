/* nearest.c - edit distance */
#include "nearest.h"

#include <limits.h>
#include <string.h>

enum { LONGEST = 63 };

static int least(int a, int b, int c)
{
	const int ab = a < b ? a : b;

	return ab < c ? ab : c;
}

static int distance(const char *a, const char *b)
{
	const int rows = (int)strnlen(a, LONGEST), columns = (int)strnlen(b, LONGEST);
	int cost[LONGEST + 1];

	for (int j = 0; j <= columns; j++)
		cost[j] = j;
	for (int i = 1; i <= rows; i++) {
		int diagonal = cost[0];

		cost[0] = i;
		for (int j = 1; j <= columns; j++) {
			const int above = cost[j];

			cost[j] = least(
				above + 1, cost[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return cost[columns];
}

const char *nearest(const char *word, const char *const *list)
{
	const char *best = list[0];
	int fewest = INT_MAX;

	for (; *list; list++) {
		const int edits = distance(word, *list);

		if (edits < fewest) {
			fewest = edits;
			best = *list;
		}
	}
	return best;
}
