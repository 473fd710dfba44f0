/* shim.cc - the only C++: every type and exception of Google Benchmark ends here */
#include "shim.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <exception>
#include <fcntl.h>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <new>
#include <regex.h>
#include <set>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

namespace
{

/* A first repetition below the minimum time is run again with more iterations, up to 1e9 of them;
 * at or below 2.2e-16 the library takes the minimum for not set. */
constexpr double min_seconds = 1e-15;

struct repetition {
	uint64_t ops = 0;
	shim_status status = SHIM_OK;
	std::string reason;
	std::string label;
};

struct counter {
	double value = 0;
	enum shim_counter kind = SHIM_PLAIN;
};

struct entry {
	std::string name;
	int (*body)(shim_state *, void *);
	void *arg;
	/* The library's statistics abort a debug build if repetitions differ in their number of
	 * iterations, failed ones included: all of them claim the first one's. 0: none yet. */
	uint64_t iterations = 0;
	std::vector<repetition> done = {};
};

using settings = std::map<std::string, std::string, std::less<>>;

struct registry {
	bool ready = false;
	settings set; /* flag, without its dashes, to value */
	std::set<std::string> context;
	std::deque<entry> entries; /* a deque: the library holds on to their addresses */
};

/* One, as there is but one library. */
registry &global()
{
	static registry instance;
	return instance;
}

int say(char *why, int err, const std::string &text)
{
	std::snprintf(why, SHIM_WHY, "%s", text.c_str());
	return err;
}

template <class Work>
int guarded(char *why, Work work)
{
	try {
		why[0] = '\0';
		return work();
	} catch (const std::bad_alloc &) {
		return say(why, -ENOMEM, "out of memory");
	} catch (const std::exception &e) {
		return say(why, -EIO, e.what());
	} catch (...) {
		return say(why, -EIO, "an exception of an unknown type");
	}
}

/* Flags */

enum class kind { boolean, word, count, regex, file, pairs, refused };

struct flag {
	const char *name;
	kind what;
	const char *valid; /* a list of words; else a phrase, for refused ones the reason */
};

constexpr const char *truths = "true|false|yes|no|on|off|1|0";

/* csv is no format here: deprecated, and it ends the process at a counter that is not in every
 * row. A minimum or warm-up time would call bodies more than once per repetition. */
constexpr flag flags[] = {
	{"benchmark_color", kind::word, "auto|true|false|yes|no|on|off|1|0"},
	{"benchmark_context", kind::pairs, "key=value[,key=value...]"},
	{"benchmark_counters_tabular", kind::boolean, truths},
	{"benchmark_display_aggregates_only", kind::boolean, truths},
	{"benchmark_dry_run", kind::refused, "each benchmark sets its own number of operations"},
	{"benchmark_enable_random_interleaving", kind::boolean, truths},
	{"benchmark_filter", kind::regex, "an extended regular expression, after a - to exclude"},
	{"benchmark_format", kind::word, "console|json"},
	{"benchmark_list_tests", kind::boolean, truths},
	{"benchmark_min_time", kind::refused, "each benchmark sets its own number of operations"},
	{"benchmark_min_warmup_time", kind::refused, "each benchmark sees to its own warm-up"},
	{"benchmark_out", kind::file, "a file that can be written"},
	{"benchmark_out_format", kind::word, "console|json"},
	{"benchmark_perf_counters", kind::refused, "it would count the calling thread alone"},
	{"benchmark_repetitions", kind::count, "a whole number from 1 to 2147483647"},
	{"benchmark_report_aggregates_only", kind::boolean, truths},
	{"benchmark_time_unit", kind::word, "ns|us|ms|s"},
};

class filter
{
      public:
	explicit filter(std::string spec) : negative(!spec.empty() && spec[0] == '-')
	{
		spec.erase(0, negative ? 1 : 0);
		if (spec.empty() || spec == "all")
			spec = ".";
		error = regcomp(&compiled, spec.c_str(), REG_EXTENDED | REG_NOSUB);
	}
	filter(const filter &) = delete;
	filter &operator=(const filter &) = delete;
	~filter()
	{
		if (!error)
			regfree(&compiled);
	}
	std::string trouble() const
	{
		char text[SHIM_WHY] = "";
		if (error)
			regerror(error, &compiled, text, sizeof(text));
		return text;
	}
	bool passes(const std::string &name) const
	{
		return (regexec(&compiled, name.c_str(), 0, nullptr, 0) == 0) != negative;
	}

      private:
	bool negative;
	int error;
	regex_t compiled;
};

std::vector<std::string> split(std::string_view text, char at)
{
	std::vector<std::string> parts;
	for (size_t end; (end = text.find(at)) != text.npos; text.remove_prefix(end + 1))
		parts.emplace_back(text.substr(0, end));
	parts.emplace_back(text);
	return parts;
}

bool is_word(const char *valid, const std::string &value)
{
	const std::vector<std::string> words = split(valid, '|');
	return std::find(words.begin(), words.end(), value) != words.end();
}

bool is_count(const std::string &value)
{
	int32_t count = 0;
	const char *end = value.data() + value.size();
	const auto [rest, error] = std::from_chars(value.data(), end, count);
	return error == std::errc() && rest == end && count >= 1;
}

bool is_pairs(const std::string &value)
{
	for (const std::string &pair : split(value, ',')) {
		if (pair[0] == '=' || std::count(pair.begin(), pair.end(), '=') != 1)
			return false;
	}
	return true;
}

/* The library leaves the process at a file that it cannot open. */
std::string file_trouble(const std::string &path)
{
	if (path.empty())
		return "";
	const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return std::strerror(errno);
	close(fd);
	return "";
}

/* What is wrong with a flag's value, or nothing. */
std::string trouble(const flag &f, const std::string &value)
{
	switch (f.what) {
	case kind::boolean:
	case kind::word:
		return is_word(f.valid, value) ? "" : "not one of these";
	case kind::count:
		return is_count(value) ? "" : "not a count";
	case kind::pairs:
		return is_pairs(value) ? "" : "not pairs";
	case kind::regex:
		return filter(value).trouble();
	case kind::file:
		return file_trouble(value);
	case kind::refused:
		break;
	}
	return "not used here";
}

int check(const flag &f, const std::string &source, const std::string &value, char *why)
{
	const std::string found = trouble(f, value);
	if (found.empty())
		return 0;
	const char *then = f.what == kind::refused ? ": " : "; valid: ";
	return say(why, f.what == kind::file ? -EACCES : -EINVAL,
		source + "=" + value + ": " + found + then + f.valid);
}

size_t edit_distance(std::string_view a, std::string_view b)
{
	std::vector<size_t> row(b.size() + 1);
	for (size_t j = 0; j <= b.size(); j++)
		row[j] = j;
	for (size_t i = 1; i <= a.size(); i++) {
		size_t diagonal = std::exchange(row[0], i);
		for (size_t j = 1; j <= b.size(); j++) {
			const size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
		}
	}
	return row[b.size()];
}

const flag &nearest(std::string_view name)
{
	return *std::min_element(
		std::begin(flags), std::end(flags), [name](const flag &a, const flag &b) {
			return edit_distance(name, a.name) < edit_distance(name, b.name);
		});
}

bool is_end_of_flags(const char *arg)
{
	return !std::strcmp(arg, "--");
}

bool is_not_ours(const char *arg)
{
	return std::strncmp(arg, "--benchmark_", 12) != 0;
}

/* As the library does: the last value counts, but contexts add up. */
void store(settings &set, const flag &f, const std::string &value)
{
	std::string &held = set[f.name];
	held = f.what == kind::pairs && !held.empty() ? held + "," + value : value;
}

/* The library has read these variables before main. */
int read_environment(settings &set, char *why)
{
	for (const flag &f : flags) {
		std::string variable = f.name;
		for (char &c : variable)
			c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
		const char *value = std::getenv(variable.c_str());
		if (!value)
			continue;
		if (int err = check(f, "environment variable " + variable, value, why))
			return err;
		store(set, f, value);
	}
	return 0;
}

int read_flag(const std::string &arg, settings &set, char *why)
{
	const size_t equals = arg.find('=');
	const std::string name = arg.substr(2, equals == arg.npos ? arg.npos : equals - 2);
	const flag &f = nearest(name);
	if (name != f.name)
		return say(why, -EINVAL, "unknown flag --" + name + "; the nearest is --" + f.name);
	const bool bare = equals == arg.npos;
	if (bare && f.what != kind::boolean && f.what != kind::refused)
		return say(why, -EINVAL, "--" + name + "=: has no value; valid: " + f.valid);
	const std::string value = bare ? "true" : arg.substr(equals + 1);
	if (int err = check(f, "--" + name, value, why))
		return err;
	store(set, f, value);
	return 0;
}

std::string value_of(const settings &set, const char *name, const char *otherwise)
{
	const auto found = set.find(name);
	return found == set.end() ? otherwise : found->second;
}

/* As the library reads it, among the words let through. */
bool is_true(const std::string &value)
{
	return !is_word("false|no|off|0", value);
}

bool is_set(const char *name)
{
	return is_true(value_of(global().set, name, "false"));
}

/* Moves the library's flags from argv to the list returned, which starts with argv[0]. */
std::vector<char *> take_flags(int *argc, char **argv)
{
	char **end = argv + *argc;
	char **stop = std::find_if(argv, end, is_end_of_flags);
	char **kept = std::stable_partition(argv, stop, is_not_ours);
	std::vector<char *> taken(argv, argv + std::min(*argc, 1));
	taken.insert(taken.end(), kept, stop);
	*argc = static_cast<int>(std::copy(stop, end, kept) - argv);
	argv[*argc] = nullptr;
	return taken;
}

int init(int *argc, char **argv, char *why)
{
	registry &all = global();
	if (all.ready)
		return say(why, -EALREADY, "shim_init was called twice");
	settings set;
	if (int err = read_environment(set, why))
		return err;
	for (int i = 1; i < *argc && !is_end_of_flags(argv[i]); i++) {
		if (int err = is_not_ours(argv[i]) ? 0 : read_flag(argv[i], set, why))
			return err;
	}
	for (const std::string &pair : split(value_of(set, "benchmark_context", "="), ','))
		all.context.insert(pair.substr(0, pair.find('=')));
	all.set = std::move(set);
	std::vector<char *> taken = take_flags(argc, argv);
	int count = static_cast<int>(taken.size());
	benchmark::Initialize(&count, taken.data());
	all.ready = true;
	return 0;
}

} // namespace

/* One repetition */

struct shim_state {
	benchmark::State &gb;
	entry &own;
	repetition result = {};
	enum { before, inside, after } loop = before;
	double ns = 0;
	bool timed = false;
	std::map<std::string, counter> counters = {};
};

namespace
{

void fail(shim_state &s, std::string reason)
{
	if (s.result.status == SHIM_FAILED)
		return;
	s.result.status = SHIM_FAILED;
	s.result.reason = std::move(reason);
}

/* For calls from a C body: an exception must not unwind it. */
template <class Work>
void attempt(shim_state &s, Work work) noexcept
{
	try {
		work();
	} catch (...) {
		fail(s, "out of memory");
	}
}

bool keep_running(shim_state &s)
{
	return s.gb.KeepRunningBatch(static_cast<benchmark::IterationCount>(s.own.iterations));
}

void enter_loop(shim_state &s, uint64_t ops)
{
	if (!s.own.iterations)
		s.own.iterations = ops;
	keep_running(s);
	s.loop = shim_state::inside;
}

/* The time for as many operations as the library is told of. */
double library_seconds(const shim_state &s)
{
	const double iterations = static_cast<double>(s.own.iterations);
	return s.ns * 1e-9 * (iterations / static_cast<double>(s.result.ops));
}

void judge(shim_state &s, int err)
{
	if (err < 0)
		fail(s, std::string("the body failed: ") + std::strerror(-err));
	else if (err > 0)
		fail(s, "the body returned " + std::to_string(err) + "; valid: 0 or -errno");
	if (s.result.status != SHIM_OK)
		return;
	if (s.loop == shim_state::before)
		fail(s, "the body returned without its loop: it never called shim_batch");
	else if (s.loop == shim_state::inside)
		fail(s, "the body left its loop early: shim_batch had not yet returned false");
	else if (!s.timed)
		fail(s, "the body set no time: it never called shim_set_ns");
	else if (!s.result.ops)
		fail(s, "the body set 0 operations");
	else if (!std::isfinite(s.ns) || !(library_seconds(s) >= min_seconds))
		fail(s, "the body set a time of " + std::to_string(s.ns) +
				" ns; valid: positive and finite");
}

double reported(const shim_state &s, const counter &c)
{
	switch (c.kind) {
	case SHIM_RATE:
		return c.value / (s.ns * 1e-9);
	case SHIM_PER_OP:
		return c.value / static_cast<double>(s.result.ops);
	case SHIM_PLAIN:
		break;
	}
	return c.value;
}

void decline(shim_state &s)
{
	const std::string &reason = s.result.reason;
	if (s.result.status == SHIM_FAILED)
		s.gb.SkipWithError(reason.c_str());
	else
#ifdef SHIM_HAS_SKIP_WITH_MESSAGE
		s.gb.SkipWithMessage(reason.c_str());
#else
		s.gb.SkipWithError(("skipped: " + reason).c_str());
#endif
}

void hand_over(shim_state &s)
{
	if (s.loop == shim_state::before)
		enter_loop(s, 1);
	s.gb.SetLabel(s.result.label.c_str());
	if (s.result.status != SHIM_OK) {
		s.result.ops = 0;
		return decline(s);
	}
	s.gb.SetIterationTime(library_seconds(s));
	/* Plain ones for the library, which would divide by its own figures, not by ours. */
	for (const auto &[name, c] : s.counters)
		s.gb.counters[name] = benchmark::Counter(reported(s, c));
}

void run_repetition(benchmark::State &gb, entry &own)
{
	shim_state s{gb, own};
	/* The statistics of the library need a first repetition that is sound: else it crashes. */
	if (own.done.empty() || own.done[0].status == SHIM_OK)
		judge(s, own.body(&s, own.arg));
	else
		s.result = own.done[0];
	hand_over(s);
	own.done.push_back(std::move(s.result));
}

/* Reporting */

using entries = std::vector<entry *>;

class callback_reporter final : public benchmark::BenchmarkReporter
{
      public:
	callback_reporter(
		const entries &run, void (*call)(const shim_report *, void *), void *call_arg)
	    : selected(run), report(call), arg(call_arg)
	{
	}
	bool ReportContext(const Context &) override
	{
		return true;
	}
	void ReportRuns(const std::vector<Run> &runs) override
	{
		for (const Run &run : runs) {
			if (run.run_type == Run::RT_Iteration)
				forward(run);
		}
	}

      private:
	void forward(const Run &run) const
	{
		const entry &e = *selected.at(static_cast<size_t>(run.family_index));
		const repetition &r = e.done.at(static_cast<size_t>(run.repetition_index));
		const double per_op =
			run.real_accumulated_time / static_cast<double>(run.iterations);
		shim_report out = {};
		out.name = e.name.c_str();
		out.repetition = static_cast<int>(run.repetition_index);
		out.status = r.status;
		out.ops = r.ops;
		out.ns_per_op = r.status == SHIM_OK ? per_op * 1e9 : std::nan("");
		out.reason = r.reason.c_str();
		out.label = r.label.c_str();
		report(&out, arg);
	}

	const entries &selected;
	void (*report)(const shim_report *, void *);
	void *arg;
};

/* The library's own reporters, with names as registered (it adds /min_time:0.000/manual_time), and
 * which notice that nothing arrives. */
template <class Base>
class plain_reporter final : public Base
{
      public:
	template <class... Args>
	explicit plain_reporter(bool &flag, Args... args) : Base(args...), written(flag)
	{
	}
	void ReportRuns(const std::vector<benchmark::BenchmarkReporter::Run> &runs) override
	{
		auto renamed = runs;
		for (auto &run : renamed) {
			run.run_name.min_time.clear();
			run.run_name.time_type.clear();
		}
		Base::ReportRuns(renamed);
	}
	void Finalize() override
	{
		Base::Finalize();
		written = this->GetOutputStream().flush().good();
	}

      private:
	bool &written;
};

std::unique_ptr<benchmark::BenchmarkReporter> make_reporter(
	const std::string &format, bool color, bool &written)
{
	using console = benchmark::ConsoleReporter;
	if (format == "json")
		return std::make_unique<plain_reporter<benchmark::JSONReporter>>(written);
	const int options = (color ? console::OO_Color : console::OO_None) |
			    (is_set("benchmark_counters_tabular") ? console::OO_Tabular : 0);
	return std::make_unique<plain_reporter<console>>(
		written, static_cast<console::OutputOptions>(options));
}

bool wants_color()
{
	const std::string value = value_of(global().set, "benchmark_color", "auto");
	if (value != "auto")
		return is_true(value);
	const char *term = std::getenv("TERM");
	const char *no_color = std::getenv("NO_COLOR");
	return isatty(STDOUT_FILENO) && term && std::strcmp(term, "dumb") != 0 &&
	       !(no_color && no_color[0]);
}

/* Running */

entries select(const std::string &spec)
{
	const filter wanted(spec);
	entries selected;
	for (entry &e : global().entries) {
		if (wanted.passes(e.name))
			selected.push_back(&e);
	}
	return selected;
}

void register_with_library(const entries &selected)
{
	benchmark::ClearRegisteredBenchmarks();
	for (entry *e : selected) {
		e->done.clear();
		e->iterations = 0;
		auto *registered = benchmark::RegisterBenchmark(e->name.c_str(),
			[e](benchmark::State &state) { run_repetition(state, *e); });
		registered->UseManualTime();
		registered->MinTime(min_seconds);
	}
}

constexpr const char *stdout_trouble = "standard output could not be written to its end";

int list_names(const entries &selected, char *why)
{
	for (const entry *e : selected)
		std::cout << e->name << '\n';
	return std::cout.flush() ? 0 : say(why, -EACCES, stdout_trouble);
}

/* The first failure in words, and how many there are. */
int sum_up(const entries &selected, char *why)
{
	std::string first;
	size_t failures = 0;
	for (const entry *e : selected) {
		for (const repetition &r : e->done) {
			if (r.status == SHIM_FAILED && failures++ == 0)
				first = e->name + ": " + r.reason;
		}
	}
	if (failures > 1)
		first += " (and " + std::to_string(failures - 1) + " more)";
	return failures ? say(why, -EIO, first) : 0;
}

int run(const entries &selected, benchmark::BenchmarkReporter *to_callback, size_t *ran, char *why)
{
	const settings &set = global().set;
	const std::string out = value_of(set, "benchmark_out", "");
	if (std::string found = file_trouble(out); !found.empty())
		return say(why, -EACCES, out + ": " + found);
	bool shown = true;
	bool written = true;
	const auto console =
		make_reporter(value_of(set, "benchmark_format", "console"), wants_color(), shown);
	const auto file =
		make_reporter(value_of(set, "benchmark_out_format", "json"), false, written);
	register_with_library(selected);
	*ran = benchmark::RunSpecifiedBenchmarks(
		to_callback ? to_callback : console.get(), out.empty() ? nullptr : file.get(), ".");
	if (!written)
		return say(why, -EACCES, out + " could not be written to its end");
	return shown ? sum_up(selected, why) : say(why, -EACCES, stdout_trouble);
}

int run_selected(void (*report)(const shim_report *, void *), void *arg, size_t *ran, char *why)
{
	const registry &all = global();
	if (!all.ready)
		return say(why, -EINVAL, "shim_init has not been called, or has failed");
	const std::string spec = value_of(all.set, "benchmark_filter", "");
	const entries selected = select(spec);
	if (selected.empty())
		return say(why, -ENOENT,
			"nothing matches --benchmark_filter=" + spec + " among " +
				std::to_string(all.entries.size()) + " benchmarks");
	if (is_set("benchmark_list_tests"))
		return list_names(selected, why);
	callback_reporter to_callback(selected, report, arg);
	return run(selected, report ? &to_callback : nullptr, ran, why);
}

} // namespace

/* What C sees */

int shim_init(int *argc, char **argv, char why[SHIM_WHY])
{
	return guarded(why, [=] { return init(argc, argv, why); });
}

int shim_register(const char *name, int (*body)(struct shim_state *, void *), void *arg)
{
	if (!name || !name[0] || !body || !std::strncmp(name, "DISABLED_", 9))
		return -EINVAL;
	char why[SHIM_WHY];
	return guarded(why, [=] {
		global().entries.push_back(entry{name, body, arg});
		return 0;
	});
}

bool shim_batch(struct shim_state *s, uint64_t ops)
{
	if (s->loop == shim_state::inside) {
		s->loop = shim_state::after;
		return keep_running(*s);
	}
	if (s->loop == shim_state::after || s->result.status != SHIM_OK)
		return false;
	if (ops == 0 || ops > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
		attempt(*s, [=] {
			fail(*s, "a batch of " + std::to_string(ops) +
					 " operations; valid: 1 to 9223372036854775807");
		});
		return false;
	}
	s->result.ops = ops;
	enter_loop(*s, ops);
	return true;
}

void shim_set_ns(struct shim_state *s, double ns)
{
	s->ns = ns;
	s->timed = true;
}

void shim_set_ops(struct shim_state *s, uint64_t ops)
{
	s->result.ops = ops;
}

void shim_counter(struct shim_state *s, const char *name, double value, enum shim_counter kind)
{
	attempt(*s, [=] { s->counters[name] = counter{value, kind}; });
}

void shim_label(struct shim_state *s, const char *text)
{
	attempt(*s, [=] { s->result.label = text; });
}

void shim_skip(struct shim_state *s, const char *reason)
{
	if (s->result.status != SHIM_OK)
		return;
	s->result.status = SHIM_SKIPPED;
	attempt(*s, [=] { s->result.reason = reason; });
}

void shim_fail(struct shim_state *s, const char *reason)
{
	attempt(*s, [=] { fail(*s, reason); });
}

int shim_context(const char *key, const char *value)
{
	if (!global().ready || !key || !key[0] || !value)
		return -EINVAL;
	char why[SHIM_WHY];
	return guarded(why, [=] {
		if (!global().context.insert(key).second)
			return -EEXIST;
		benchmark::AddCustomContext(key, value);
		return 0;
	});
}

int shim_run(void (*report)(const struct shim_report *, void *), void *arg, size_t *ran,
	char why[SHIM_WHY])
{
	size_t count = 0;
	const int err = guarded(why, [&] { return run_selected(report, arg, &count, why); });
	if (ran)
		*ran = count;
	return err;
}

void shim_clear(void)
{
	global().entries.clear();
}
