// `plan`: what a run would do, what of it is done, how long the rest takes and how large it gets.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/text.h"
#include "maskbench/pipeline/forecast.h"
#include "maskbench/pipeline/plan.h"
#include "maskbench/pipeline/scheduler.h"
#include "maskbench/report/sweep_report.h"

#include "commands.h"
#include "prepared_run.h"
#include "progress.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

std::string DurationText(double seconds) {
  if (std::isnan(seconds)) return "not known";
  if (seconds < 1) return "under 1 s";
  if (seconds < 120) return fmt::format("{:.0f} s", seconds);
  if (seconds < 7200) return fmt::format("{:.0f} min", seconds / 60);
  return fmt::format("{:.1f} h", seconds / 3600);
}

std::string SizeText(double bytes) {
  if (std::isnan(bytes)) return "not known";
  if (bytes < 1e6) return fmt::format("{:.0f} kB", bytes / 1e3);
  if (bytes < 1e9) return fmt::format("{:.0f} MB", bytes / 1e6);
  return fmt::format("{:.1f} GB", bytes / 1e9);
}

/// Does the first recording under all variants in a folder of its own, to see how long it takes.
int Calibrate(const Program& program, const PreparedRun& run, const fs::path& config_folder,
              StepCosts* costs) {
  const TemporaryFolder folder;
  RunDescription small;
  small.dataset = run.description.dataset;
  small.config = run.description.config;
  small.config.dataset.recordings = {run.description.plan.recordings.front()};
  small.config.fraction = 1;
  small.config.shares = Json::object();
  small.config.timing = TimingOptions();
  small.config.keep = "all";
  small.plan = MakePlan(small.config, small.dataset, *program.components, *run.networks,
                        config_folder, program.Places());
  WriteJsonFile(folder.path() / "plan.json", ToJson(small.plan));
  {
    Store store(StoreFile(folder.path()));
    RunContext context;
    context.config = &small.config;
    context.dataset = &small.dataset;
    context.plan = &small.plan;
    context.components = program.components;
    context.networks = run.networks.get();
    context.dataset_root = run.dataset_root;
    context.out = folder.path();
    std::optional<LazyRecordingMaker> maker;
    if (const std::string& name = small.dataset.made.maker; !name.empty()) {
      maker.emplace(FindDatasetMaker(program.components->dataset_makers, name), program.Places());
      context.recording_maker = &*maker;
    }
    fmt::print(stderr, "Doing the first recording, to learn times and sizes.\n");
    ProgressBar bar;
    const std::atomic<bool> stop{false};
    RunPlan(context, {}, &store, &bar, stop);
    bar.Close();
  }
  return costs->Learn(folder.path());
}

void PrintSteps(const PreparedRun& run) {
  if (!run.name.empty()) fmt::print("{}\n", run.name);
  fmt::print("{:<16} {:<11} {:<14} {:<24} {:<16} {}\n", "key", "stage", "recording", "variant",
             "observer", "component");
  for (const Node& node : run.description.plan.nodes) {
    fmt::print("{:<16} {:<11} {:<14} {:<24} {:<16} {} v{}\n", node.key.substr(0, 16),
               ToString(node.stage), node.recording, node.variant, node.observer, node.component,
               node.version);
  }
}

void PrintRows(const Forecast& forecast, bool times) {
  fmt::print("{:<12} {:<20} {:>7} {:>7} {:>7} {:>7}  {}\n", "stage", "component", "steps", "done",
             "failed", "left", times ? "time of one thread" : "");
  for (const Forecast::Row& row : forecast.rows) {
    const std::string time = row.left == row.shared ? "" : DurationText(row.seconds);
    fmt::print("{:<12} {:<20} {:>7} {:>7} {:>7} {:>7}  {}{}\n", ToString(row.stage), row.component,
               row.steps, row.done, row.failed, row.left, times ? time : "",
               times && !time.empty() && row.other_options ? " (measured with other options)" : "");
  }
}

/// Where times come from, or why there are none.
std::string SourceText(int learned, const std::vector<std::string>& sources, bool calibrated) {
  if (learned == 0)
    return "No earlier run to take times from; name one with --times DIR (or --out), or give "
           "--calibrate.";
  return fmt::format(
      "Times and sizes are means per frame, whatever its size, of {} steps {}.", learned,
      calibrated && sources.empty()
          ? "of the first recording, done just now"
          : "that are done in " + Join(sources, ", ") + (calibrated ? " and just now" : ""));
}

}  // namespace

int PlanCommand(const Program& program, const PlanArguments& arguments) {
  const PreparedRuns prepared = PrepareRuns(program, arguments.run);
  const fs::path& out = arguments.run.out;
  const auto folder_of = [&](const PreparedRun& run) {
    return out.empty() || run.name.empty() ? out : out / run.name;
  };
  StepCosts costs;
  int learned = 0;
  std::vector<std::string> sources;
  std::set<fs::path> seen;
  const auto learn = [&](const fs::path& folder, bool must) {
    if (folder.empty() || !seen.insert(fs::weakly_canonical(folder)).second) return;
    int steps = costs.Learn(folder);
    for (const std::string& name : RunsOfSweep(folder)) {
      if (seen.insert(fs::weakly_canonical(folder / name)).second)
        steps += costs.Learn(folder / name);
    }
    if (steps > 0) sources.push_back(folder.string());
    if (steps == 0 && must)
      throw UsageError(
          fmt::format("--times {} holds no run with steps that are done.", folder.string()));
    learned += steps;
  };
  learn(out, false);
  for (const fs::path& folder : arguments.times) learn(folder, true);
  if (arguments.calibrate) {
    learned += Calibrate(program, prepared.runs.front(),
                         fs::absolute(arguments.run.config).parent_path(), &costs);
  }

  std::set<std::string> elsewhere;
  Forecast all;
  const bool several = prepared.AreSeveral();
  if (several)
    fmt::print("{} runs\n\n{:<40} {:>6} {:>7} {:>7} {:>7} {:>7} {:>7}  {}\n", prepared.runs.size(),
               "run", "cases", "steps", "done", "failed", "left", "shared",
               learned > 0 ? "time of one thread" : "");
  for (const PreparedRun& run : prepared.runs) {
    const fs::path folder = folder_of(run);
    std::map<std::string, NodeOutcome> outcomes;
    if (!folder.empty() && fs::exists(StoreFile(folder)))
      outcomes = Store(StoreFile(folder)).Outcomes();
    const Forecast forecast = ForecastRun(run.description, outcomes, folder, costs, &elsewhere);
    if (several) {
      fmt::print("{:<40} {:>6} {:>7} {:>7} {:>7} {:>7} {:>7}  {}\n", run.name, forecast.cases,
                 forecast.steps, forecast.done, forecast.failed, forecast.left, forecast.shared,
                 learned > 0 ? DurationText(forecast.seconds) : "");
    } else {
      fmt::print("{}: {} recordings × {} variants = {} cases, {} steps\n\n",
                 run.description.config.name, run.description.plan.recordings.size(),
                 run.description.config.variants.size(), forecast.cases, forecast.steps);
      PrintRows(forecast, learned > 0);
    }
    for (const auto part :
         {&Forecast::cases, &Forecast::cases_done, &Forecast::cases_failed, &Forecast::steps,
          &Forecast::done, &Forecast::failed, &Forecast::shared, &Forecast::left})
      all.*part += forecast.*part;
    all.seconds += forecast.seconds;
    all.bytes += forecast.bytes;
  }
  fmt::print("\nCases: {}, of which {} are done and {} failed.", all.cases, all.cases_done,
             all.cases_failed);
  if (out.empty()) fmt::print(" Name the run's folder with --out to see what is done there.");
  if (all.shared > 0)
    fmt::print(
        "\nShared: {} steps are those of a run before; their files are taken over where "
        "\"keep\" leaves them.",
        all.shared);
  if (learned > 0) {
    const int workers = WorkersOf(arguments.run.workers);
    fmt::print("\nTime: {} of one thread, about {} with {} worker{}.", DurationText(all.seconds),
               DurationText(all.seconds / workers), workers, workers == 1 ? "" : "s");
    fmt::print("\nDisk: about {} more in the end", SizeText(all.bytes));
    std::error_code code;
    fs::path place = out.empty() ? fs::current_path() : fs::absolute(out);
    while (!place.empty() && place != place.root_path() && !fs::exists(place))
      place = place.parent_path();
    const fs::space_info space = fs::space(place, code);
    if (!code) fmt::print("; {} are free", SizeText(static_cast<double>(space.available)));
    fmt::print(".");
  }
  fmt::print("\n{}\n", SourceText(learned, sources, arguments.calibrate));
  if (arguments.steps) {
    for (const PreparedRun& run : prepared.runs) {
      fmt::print("\n");
      PrintSteps(run);
    }
  }
  return kExitDone;
}

}  // namespace maskbench
