#include <atomic>
#include <csignal>
#include <cstdlib>
#include <thread>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/runtime.h"
#include "maskbench/core/text.h"
#include "maskbench/nn/network.h"
#include "maskbench/pipeline/export.h"
#include "maskbench/pipeline/plan.h"
#include "maskbench/pipeline/run_folder.h"
#include "maskbench/pipeline/scheduler.h"
#include "maskbench/pipeline/scoring.h"
#include "maskbench/report/report.h"
#include "maskbench/report/sign_sheets.h"

#include "commands.h"
#include "progress.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

std::atomic<bool> g_stop{false};

extern "C" void AskToStop(int) {
  // The first request lets running steps end; the second one ends the program.
  if (g_stop.exchange(true)) std::_Exit(kExitCannotGoOn);
}

struct PreparedRun {
  RunDescription description;
  fs::path config_folder, dataset_root;
  std::unique_ptr<NetworkLibrary> networks;
};

Json EnvironmentFacts(const Program& program, const PreparedRun& run) {
  Json environment = {{"maskbench", program.version}};
  for (const auto& [name, value] : MachineFacts()) environment[name] = value;
  environment["libtorch"] = TorchVersion();
  environment["blas"] = BlasBoundByTorch();
  Json weights = Json::object();
  for (const NetworkSpec& spec : BuiltInNetworks()) {
    const std::string& name = spec.contract.name;
    try {
      weights[name] =
          (run.networks->IsReplaced(name) ? "replaced " : "") + run.networks->Fingerprint(name);
    } catch (const DataError&) {
      weights[name] = "not imported";  // Only an error when a component needs it.
    }
  }
  environment["weights"] = weights;
  return environment;
}

PreparedRun Prepare(const Program& program, const RunArguments& arguments) {
  PreparedRun run;
  Json json;
  try {
    json = ReadJsonFile(arguments.config);
  } catch (const DataError& error) {
    throw UsageError(error.what());
  }
  for (const std::string& assignment : arguments.overrides) ApplyOverride(assignment, &json);
  if (arguments.seed && json.is_object()) json["seed"] = *arguments.seed;
  run.config_folder = fs::absolute(arguments.config).parent_path();
  RunConfig& config = run.description.config;
  config = ParseRunConfig(json, *program.components, arguments.config.string());
  for (const ComponentChoice& choice : config.experiments) {
    Problems problems;
    program.components->experiments.Make(choice, {})->Check(config, &problems);
    problems.ThrowIfAny(
        fmt::format("{}: experiment \"{}\"", arguments.config.string(), choice.name));
  }
  if (config.dataset.manifest.empty()) {
    DatasetRecipe recipe = config.dataset.make;
    if (!recipe.seed) recipe.seed = config.seed;
    run.description.dataset =
        FindDatasetMaker(program.components->dataset_makers, recipe.maker).Describe(recipe).dataset;
  } else {
    const fs::path manifest = (run.config_folder / config.dataset.manifest).lexically_normal();
    try {
      run.description.dataset = ReadManifest(manifest);
    } catch (const DataError& error) {
      throw UsageError(fmt::format("dataset.manifest: {}", error.what()));
    }
    run.dataset_root = DatasetRoot(run.description.dataset, manifest, program.AssetsDir());
  }
  std::map<std::string, fs::path> replacements;
  for (const auto& item : config.networks.items()) {
    const fs::path file = (run.config_folder / item.value().get<std::string>()).lexically_normal();
    if (!fs::exists(file)) {
      throw UsageError(fmt::format("networks.{}: {} does not exist.", item.key(), file.string()));
    }
    replacements[item.key()] = file;
  }
  run.networks = std::make_unique<NetworkLibrary>(program.ModelsDir(), replacements);
  run.description.plan = MakePlan(config, run.description.dataset, *program.components,
                                  *run.networks, run.config_folder, program.Places());
  for (const ComponentChoice& choice : config.experiments) {
    Problems problems;
    program.components->experiments.Make(choice, {})
        ->CheckData(run.description.dataset, run.description.plan.recordings, &problems);
    problems.ThrowIfAny(
        fmt::format("{}: experiment \"{}\"", arguments.config.string(), choice.name));
  }
  run.description.environment = EnvironmentFacts(program, run);
  return run;
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
                   Store* store) {
  const RunData data(run.config, run.dataset, run.plan, store, out);
  const ScoredRun scored = ScoreRun(data, *program.components);
  WriteResults(run, scored, out);
  const std::string notice = WriteReport(out, *program.components, program.AssetsDir());
  if (!notice.empty()) fmt::print(stderr, "{}\n", notice);
  fmt::print("{} figures and {} timings from {} cases, {} of them failed. Report: {}\n",
             scored.figures.size(), scored.timings.size(), scored.cases, scored.cases_failed,
             (out / "report.html").string());
  return scored.failed + scored.blocked + scored.missing > 0 ? kExitSomeFailed : kExitDone;
}

}  // namespace

int RunCommand(const Program& program, const RunArguments& arguments) {
  PreparedRun run = Prepare(program, arguments);
  const RunFolderLock lock(arguments.out);
  WriteRunDescription(run.description, *program.components, arguments.out);
  Store store(StoreFile(arguments.out));
  InstallKillSwitch(&store);
  RunContext context;
  context.config = &run.description.config;
  context.dataset = &run.description.dataset;
  context.plan = &run.description.plan;
  context.components = program.components;
  context.networks = run.networks.get();
  context.dataset_root = run.dataset_root;
  context.out = arguments.out;
  std::optional<LazyRecordingMaker> recording_maker;
  if (const std::string& maker = run.description.dataset.made.maker; !maker.empty()) {
    recording_maker.emplace(FindDatasetMaker(program.components->dataset_makers, maker),
                            program.Places());
    context.recording_maker = &*recording_maker;
  }
  ScheduleOptions options;
  options.workers = arguments.workers > 0
                        ? arguments.workers
                        : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  options.retry_failed = arguments.retry_failed;
  std::signal(SIGINT, AskToStop);
  std::signal(SIGTERM, AskToStop);
  ProgressBar bar;
  const ScheduleReport report = RunPlan(context, options, &store, &bar, g_stop);
  bar.Close();
  std::error_code ignored;
  fs::remove_all(arguments.out / "work", ignored);
  if (report.stopped) {
    fmt::print(stderr, "Stopped; run the same command again to go on.\n");
    return kExitCannotGoOn;
  }
  return ScoreAndReport(program, arguments.out, run.description, &store);
}

int CheckCommand(const Program& program, const RunArguments& arguments) {
  Prepare(program, arguments);
  return kExitDone;
}

int PlanCommand(const Program& program, const RunArguments& arguments) {
  const PreparedRun run = Prepare(program, arguments);
  std::map<std::string, int> by_stage;
  for (const Node& node : run.description.plan.nodes) ++by_stage[ToString(node.stage)];
  fmt::print("{}: {} recordings × {} variants, {} steps:", run.description.config.name,
             run.description.plan.recordings.size(), run.description.config.variants.size(),
             run.description.plan.nodes.size());
  for (const Stage stage : {Stage::kRender, Stage::kPerceive, Stage::kReconstruct, Stage::kMask,
                            Stage::kObserve, Stage::kTime}) {
    const auto found = by_stage.find(ToString(stage));
    if (found != by_stage.end()) fmt::print(" {} {}", found->second, found->first);
  }
  fmt::print("\n\n{:<16} {:<10} {:<14} {:<18} {:<16} {}\n", "key", "stage", "recording", "variant",
             "observer", "component");
  for (const Node& node : run.description.plan.nodes) {
    fmt::print("{:<16} {:<10} {:<14} {:<18} {:<16} {} v{}\n", node.key.substr(0, 16),
               ToString(node.stage), node.recording, node.variant, node.observer, node.component,
               node.version);
  }
  return kExitDone;
}

int ScoreCommand(const Program& program, const fs::path& out) {
  const RunDescription run = ReadRunDescription(out, *program.components);
  const RunFolderLock lock(out);
  Store store(StoreFile(out));
  return ScoreAndReport(program, out, run, &store);
}

int ReportCommand(const Program& program, const fs::path& out) {
  const std::string notice = WriteReport(out, *program.components, program.AssetsDir());
  if (!notice.empty()) fmt::print(stderr, "{}\n", notice);
  fmt::print("Report: {}\n", (out / "report.html").string());
  return kExitDone;
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
