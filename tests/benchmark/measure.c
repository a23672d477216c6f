/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Times commands of several programs against each other. Reads a list from stdin, fields separated by tabs:
 *
 *   prepare  COMMAND              run once, before or between the cases
 *   case     NAME                 begins a case
 *   program  NAME  STEP; STEP...  what a program does in this case: commands in turn; those that begin with
 *                                 "-" are not timed. "@" at the end of a word stands for a number of its own
 *
 * Each round runs every program once, in rotating order, so that what disturbs the machine disturbs all of
 * them. Prints for each program but the first the median over the rounds of first/program, measured in the
 * same round: below 1 the first is faster. Times themselves say nothing about another machine and are not
 * printed. Any command that fails ends it. */

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROGRAMS_MAX 6
#define ROUNDS_MAX   1000
#define WORDS_MAX    32
#define WARM_UP      3

extern char **environ;

typedef struct Program {
        char name[32];
        char steps[1024];
        double times[ROUNDS_MAX];
} Program;

typedef struct Case {
        char name[64];
        Program programs[PROGRAMS_MAX];
        int n_programs;
} Case;

static double now(void) {
        struct timespec t;

        (void) clock_gettime(CLOCK_MONOTONIC, &t);
        return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

static void fail(const char *command) {
        fprintf(stderr, "measure: this failed: %s\n", command);
        exit(EXIT_FAILURE);
}

/* Splits at blanks, in place; words that end in a number lie in numbers. */
static void split(char *command, char **words, char numbers[][64], unsigned number) {
        int n = 0;

        for (char *word = strtok(command, " "); word && n < WORDS_MAX - 1; word = strtok(NULL, " ")) {
                size_t length = strlen(word);

                words[n] = word;
                if (word[length - 1] == '@') {
                        (void) snprintf(numbers[n], 64, "%.*s%u", (int) length - 1, word, number);
                        words[n] = numbers[n];
                }
                n++;
        }
        words[n] = NULL;
}

static double run_command(const char *command, unsigned number) {
        char text[1024], numbers[WORDS_MAX][64], *words[WORDS_MAX];
        posix_spawn_file_actions_t actions;
        double before;
        int status;
        pid_t pid;

        (void) snprintf(text, sizeof text, "%s", command);
        split(text, words, numbers, number);
        (void) posix_spawn_file_actions_init(&actions);
        (void) posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        (void) posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);

        before = now();
        if (!words[0] || posix_spawnp(&pid, words[0], &actions, NULL, words, environ) != 0 ||
            waitpid(pid, &status, 0) < 0 || status != 0)
                fail(command);
        before = now() - before;
        (void) posix_spawn_file_actions_destroy(&actions);
        return before;
}

static double run_steps(const char *steps, unsigned number) {
        char text[1024], *save, *step;
        double time = 0;

        (void) snprintf(text, sizeof text, "%s", steps);
        for (step = strtok_r(text, ";", &save); step; step = strtok_r(NULL, ";", &save)) {
                step += strspn(step, " ");
                if (*step == '-')
                        (void) run_command(step + 1, number);
                else
                        time += run_command(step, number);
        }
        return time;
}

static int compare(const void *a, const void *b) {
        double x = *(const double *) a, y = *(const double *) b;

        return x < y ? -1 : x > y;
}

static double median(double *values, int n) {
        qsort(values, (size_t) n, sizeof *values, compare);
        return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static void run_case(Case *c, int rounds) {
        static unsigned number;
        double ratios[ROUNDS_MAX];

        if (c->n_programs == 0)
                return;
        for (int round = -WARM_UP; round < rounds; round++)
                for (int i = 0; i < c->n_programs; i++) {
                        Program *p = &c->programs[(i + round + WARM_UP) % c->n_programs];
                        double time = run_steps(p->steps, number++);

                        if (round >= 0)
                                p->times[round] = time;
                }

        printf("%s", c->name);
        for (int i = 1; i < c->n_programs; i++) {
                for (int round = 0; round < rounds; round++)
                        ratios[round] = c->programs[0].times[round] / c->programs[i].times[round];
                printf("\t%s %.2f", c->programs[i].name, median(ratios, rounds));
        }
        printf("\n");
        (void) fflush(stdout);
        c->n_programs = 0;
}

static void add_program(Case *c, const char *name, const char *steps) {
        Program *p = &c->programs[c->n_programs];

        if (!name || !steps || c->n_programs == PROGRAMS_MAX)
                fail("(the list of cases)");
        (void) snprintf(p->name, sizeof p->name, "%s", name);
        (void) snprintf(p->steps, sizeof p->steps, "%s", steps);
        c->n_programs++;
}

int main(int argc, char **argv) {
        static Case c;
        char line[2048];
        int rounds = argc == 2 ? atoi(argv[1]) : 0;

        if (rounds < 1 || rounds > ROUNDS_MAX) {
                fprintf(stderr, "usage: measure ROUNDS <LIST\n");
                return EXIT_FAILURE;
        }
        while (fgets(line, sizeof line, stdin)) {
                char *save, *word = strtok_r(line, "\t\n", &save);

                if (!word || *word == '#')
                        continue;
                if (strcmp(word, "program") == 0) {
                        char *name = strtok_r(NULL, "\t\n", &save);

                        add_program(&c, name, strtok_r(NULL, "\t\n", &save));
                        continue;
                }
                run_case(&c, rounds);
                if (strcmp(word, "case") == 0)
                        (void) snprintf(c.name, sizeof c.name, "%s", strtok_r(NULL, "\t\n", &save));
                else if (strcmp(word, "prepare") == 0)
                        (void) run_steps(strtok_r(NULL, "\t\n", &save), 0);
                else
                        fail(word);
        }
        run_case(&c, rounds);
        return EXIT_SUCCESS;
}
