#include <atomic>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/parallel.h"
#include "maskbench/core/text.h"
#include "maskbench/pipeline/earlier_work.h"
#include "maskbench/pipeline/export.h"
#include "maskbench/pipeline/run_folder.h"
#include "maskbench/pipeline/scheduler.h"
#include "maskbench/pipeline/scoring.h"
#include "maskbench/report/report.h"
#include "maskbench/report/sign_sheets.h"
#include "maskbench/report/sweep_report.h"

#include "commands.h"
#include "prepared_run.h"
#include "progress.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

std::atomic<bool> g_stop{false};

extern "C" void AskToStop(int) {
  // The first request lets running steps end; the second one ends the program.
  if (g_stop.exchange(true)) std::_Exit(kExitCannotGoOn);
}

/// For the test of resuming: MASKBENCH_TEST_KILL="N before" or "N after" kills the process around
/// its N-th commit, as kill -9 would.
void InstallKillSwitch(Store* store) {
  const char* wish = std::getenv("MASKBENCH_TEST_KILL");
  if (wish == nullptr) return;
  const std::vector<std::string> parts = Split(wish, ' ');
  const int at = std::atoi(parts[0].c_str());
  const bool kill_after = parts.size() > 1 && parts[1] == "after";
  auto commits = std::make_shared<int>(0);
  store->SetCommitHook([=](bool after) {
    if (!after) ++*commits;
    if (*commits == at && after == kill_after) std::raise(SIGKILL);
  });
}

int ScoreAndReport(const Program& program, const fs::path& out, const RunDescription& run,
                   int workers, Store* store) {
  const RunData data(run.config, run.dataset, run.plan, store, out);
  SetParallelThreads(workers);
  const ScoredRun scored = ScoreRun(data, *program.components);
  WriteResults(run, scored, out);
  const std::string notice = WriteReport(out, *program.components, program.AssetsDir());
  if (!notice.empty()) fmt::print(stderr, "{}\n", notice);
  fmt::print("{} figures and {} timings from {} cases, {} of them failed. Report: {}\n",
             scored.figures.size(), scored.timings.size(), scored.cases, scored.cases_failed,
             (out / "report.html").string());
  return scored.failed + scored.blocked + scored.missing > 0 ? kExitSomeFailed : kExitDone;
}

/// One run, in its folder. @return an exit code; kExitCannotGoOn when it was stopped.
int DoRun(const Program& program, const RunArguments& arguments, PreparedRun* run,
          const fs::path& out, const std::vector<fs::path>& siblings) {
  const RunFolderLock lock(out);
  WriteRunDescription(run->description, *program.components, out);
  Store store(StoreFile(out));
  InstallKillSwitch(&store);
  for (const fs::path& sibling : siblings) AdoptWork(run->description.plan, sibling, &store, out);
  RunContext context;
  context.config = &run->description.config;
  context.dataset = &run->description.dataset;
  context.plan = &run->description.plan;
  context.components = program.components;
  context.networks = run->networks.get();
  context.dataset_root = run->dataset_root;
  context.out = out;
  std::optional<LazyRecordingMaker> recording_maker;
  if (const std::string& maker = run->description.dataset.made.maker; !maker.empty()) {
    recording_maker.emplace(FindDatasetMaker(program.components->dataset_makers, maker),
                            program.Places());
    context.recording_maker = &*recording_maker;
  }
  ScheduleOptions options;
  options.workers = WorkersOf(arguments.workers);
  options.retry_failed = arguments.retry_failed;
  std::signal(SIGINT, AskToStop);
  std::signal(SIGTERM, AskToStop);
  ProgressBar bar;
  const ScheduleReport report = RunPlan(context, options, &store, &bar, g_stop);
  bar.Close();
  std::error_code ignored;
  fs::remove_all(out / "work", ignored);
  if (report.stopped) {
    fmt::print(stderr, "Stopped; run the same command again to go on.\n");
    return kExitCannotGoOn;
  }
  return ScoreAndReport(program, out, run->description, options.workers, &store);
}

void ReportSweep(const fs::path& out) {
  WriteSweepReport(out);
  if (fs::exists(out / "sweep.md"))
    fmt::print("The sweep's table and picture: {}\n", (out / "sweep.md").string());
}

/// Does the same to every run of a sweep, or to the one run that the folder holds.
/// @return the last exit code that was not kExitDone.
int ForEachRun(const fs::path& out, const std::function<int(const fs::path& folder)>& act) {
  const std::vector<std::string> names = RunsOfSweep(out);
  int code = kExitDone;
  if (names.empty()) code = act(out);
  for (const std::string& name : names) {
    if (!fs::exists(out / name / "run.json")) {
      fmt::print(stderr, "{} was not begun yet.\n", (out / name).string());
      continue;
    }
    if (const int one = act(out / name); one != kExitDone) code = one;
  }
  ReportSweep(out);
  return code;
}

}  // namespace

int WorkersOf(int asked) {
  return asked > 0 ? asked : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

int RunCommand(const Program& program, const RunArguments& arguments) {
  PreparedRuns prepared = PrepareRuns(program, arguments);
  if (!prepared.AreSeveral()) {
    if (!RunsOfSweep(arguments.out).empty())
      throw UsageError(fmt::format("{} holds the runs of a sweep; take another folder for one run.",
                                   arguments.out.string()));
    const int code = DoRun(program, arguments, &prepared.runs.front(), arguments.out, {});
    WriteSweepDescription(arguments.out, prepared.swept);
    if (code != kExitCannotGoOn) ReportSweep(arguments.out);
    return code;
  }
  if (fs::exists(arguments.out / "run.json"))
    throw UsageError(fmt::format("{} holds one run; take another folder for a sweep of runs.",
                                 arguments.out.string()));
  const RunFolderLock lock(arguments.out);
  WriteSweepDescription(arguments.out, prepared.swept);
  int code = kExitDone;
  std::vector<fs::path> done;
  for (size_t i = 0; i < prepared.runs.size(); ++i) {
    PreparedRun& run = prepared.runs[i];
    fmt::print("{} ({} of {})\n", run.name, i + 1, prepared.runs.size());
    std::fflush(stdout);
    const fs::path folder = arguments.out / run.name;
    const int one = DoRun(program, arguments, &run, folder, done);
    if (one == kExitCannotGoOn) return one;
    if (one != kExitDone) code = one;
    done.push_back(folder);
  }
  ReportSweep(arguments.out);
  return code;
}

int CheckCommand(const Program& program, const RunArguments& arguments) {
  PrepareRuns(program, arguments);
  return kExitDone;
}

int ScoreCommand(const Program& program, const fs::path& out, int workers) {
  return ForEachRun(out, [&](const fs::path& folder) {
    const RunDescription run = ReadRunDescription(folder, *program.components);
    const RunFolderLock lock(folder);
    Store store(StoreFile(folder));
    return ScoreAndReport(program, folder, run, WorkersOf(workers), &store);
  });
}

int ReportCommand(const Program& program, const ReportArguments& arguments) {
  return ForEachRun(arguments.out, [&](const fs::path& folder) {
    if (arguments.viewer) {
      ProgressBar bar;
      bool begun = false;
      WriteViewer(folder, *program.components, program.AssetsDir(), arguments.viewer_options,
                  [&](int, int total, const std::string& what) {
                    if (!begun) bar.Begin(total, 0);
                    begun = true;
                    bar.Step("viewing " + what);
                  });
      bar.Close();
    }
    const std::string notice = WriteReport(folder, *program.components, program.AssetsDir());
    if (!notice.empty()) fmt::print(stderr, "{}\n", notice);
    fmt::print("Report: {}\n", (folder / "report.html").string());
    if (arguments.viewer) fmt::print("Viewer: {}\n", (folder / "viewer.html").string());
    return static_cast<int>(kExitDone);
  });
}

int SheetsCommand(const Program& program, const fs::path& out, const std::string& variant,
                  const fs::path& folder) {
  const RunDescription run = ReadRunDescription(out, *program.components);
  Store store(StoreFile(out));
  ProgressBar bar;
  bool begun = false;
  const std::vector<fs::path> files =
      WriteSignSheets(RunData(run.config, run.dataset, run.plan, &store, out), out, variant, folder,
                      [&](int, int total, const std::string& what) {
                        if (!begun) bar.Begin(total, 0);
                        begun = true;
                        bar.Step("drawing " + what);
                      });
  bar.Close();
  for (const fs::path& file : files) fmt::print("{}\n", file.string());
  return kExitDone;
}

int ExportCommand(const Program& program, const fs::path& out, const std::string& what,
                  const std::string& observer, const fs::path& file) {
  const RunDescription run = ReadRunDescription(out, *program.components);
  Store store(StoreFile(out));
  ExportRun(RunData(run.config, run.dataset, run.plan, &store, out), what, observer, file);
  fmt::print("{}\n", file.string());
  return kExitDone;
}

}  // namespace maskbench
