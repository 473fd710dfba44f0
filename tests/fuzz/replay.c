/* replay.c - feeds files to the fuzzer's function, where there is no fuzzer */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* A select draws, so the same file may go several ways. */
enum { MOST_BYTES = 4096, REPEATS = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void replay(const char *folder, const char *name)
{
	static uint8_t data[MOST_BYTES];
	char path[4096];
	size_t size;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rb");
	if (!file) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	size = fread(data, 1, sizeof(data), file);
	fclose(file);
	printf("%s\n", name);
	fflush(stdout);
	for (int i = 0; i < REPEATS; i++)
		LLVMFuzzerTestOneInput(data, size);
}

/* The files of a folder, in the order of their names: a failure comes again. */
int main(int argc, char **argv)
{
	struct dirent **entries;
	int count, replayed = 0;

	count = argc == 2 ? scandir(argv[1], &entries, NULL, alphasort) : -1;
	if (count < 0) {
		fprintf(stderr, "usage: channel_replay FOLDER\n");
		return 2;
	}
	for (int i = 0; i < count; i++) {
		if (entries[i]->d_name[0] != '.') {
			replay(argv[1], entries[i]->d_name);
			replayed++;
		}
		free(entries[i]);
	}
	free(entries);
	printf("%d files\n", replayed);
	return replayed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
