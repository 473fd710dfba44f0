/* nearest.h - the valid word that was probably meant */
#ifndef BATON_NEAREST_H
#define BATON_NEAREST_H

/* The word of the list (ended by NULL, not empty) with the fewest edits from `word`; the first of
 * several. Edits are counted over the first 63 bytes. Levenshtein 1966. */
const char *nearest(const char *word, const char *const *list);

#endif
