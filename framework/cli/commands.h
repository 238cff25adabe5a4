#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "maskbench/cli/command_line.h"
#include "maskbench/pipeline/dataset_importer.h"
#include "maskbench/pipeline/dataset_maker.h"
#include "maskbench/pipeline/network_trainer.h"
#include "maskbench/pipeline/reading_study.h"
#include "maskbench/report/viewer.h"

namespace maskbench {

// Each command throws UsageError or DataError, or returns an exit code.

struct RunArguments {
  std::filesystem::path config;
  std::filesystem::path out;
  std::vector<std::string> overrides;
  std::optional<uint64_t> seed;
  int workers = 0;
  bool retry_failed = false;
};
/// Threads that are taken when so many were asked for; 0: as many as there are cores.
int WorkersOf(int asked);
int RunCommand(const Program& program, const RunArguments& arguments);
/// Reads and checks the configuration and its data set, and says nothing when all is well.
int CheckCommand(const Program& program, const RunArguments& arguments);

struct PlanArguments {
  RunArguments run;                          ///< `out` may be empty.
  std::vector<std::filesystem::path> times;  ///< Folders of earlier runs.
  bool calibrate = false;                    ///< Do one recording to learn times and sizes.
  bool steps = false;                        ///< List every step.
};
int PlanCommand(const Program& program, const PlanArguments& arguments);

struct CompareArguments {
  std::filesystem::path before, after;  ///< Folders of runs; `after` may be empty with variants.
  std::vector<std::string> variants;    ///< None, or two: of `before` and of `after`.
  std::vector<std::string> metrics;
  double margin = 0, alpha = 0.05;
  std::filesystem::path json, csv;
};
int CompareCommand(const Program& program, const CompareArguments& arguments);

struct CompareBenchArguments {
  std::filesystem::path before, after;
  std::string time = "real_time";
  double margin = 0.05, alpha = 0.05;
  std::filesystem::path json, csv;
};
int CompareBenchCommand(const CompareBenchArguments& arguments);

/// @param workers  as of WorkersOf.
int ScoreCommand(const Program& program, const std::filesystem::path& out, int workers);
struct ReportArguments {
  std::filesystem::path out;
  bool viewer = false;
  ViewerOptions viewer_options;
};
int ReportCommand(const Program& program, const ReportArguments& arguments);
int SheetsCommand(const Program& program, const std::filesystem::path& out,
                  const std::string& variant, const std::filesystem::path& folder);
int ExportCommand(const Program& program, const std::filesystem::path& out, const std::string& what,
                  const std::string& observer, const std::filesystem::path& file);

struct ReadingListArguments {
  std::filesystem::path run, folder;
  ReadingStudyOptions study;
};
int ReadingListCommand(const Program& program, const ReadingListArguments& arguments);

struct ImportReadingsArguments {
  std::filesystem::path run;
  std::string name = ReadingStudyOptions().name;
  std::vector<std::filesystem::path> files;
};
int ImportReadingsCommand(const Program& program, const ImportReadingsArguments& arguments);

struct MatchArguments {
  std::filesystem::path gallery, probes;  ///< .npy, one descriptor per row.
  std::filesystem::path to;
  std::string metric = "cosine";
  int top = 10;
};
int MatchCommand(const MatchArguments& arguments);

struct MaskArguments {
  std::string variant;
  std::vector<std::string> options;
  std::filesystem::path parameters;          ///< A stored mask to be drawn; empty: mask a video.
  std::filesystem::path truth;               ///< For oracles.
  std::string patient;                       ///< Id of who is recorded; empty: not told.
  std::vector<std::filesystem::path> files;  ///< IN and OUT; OUT alone for a stored mask.
  bool compare = false;
  bool steadiness = false;  ///< Say how much the mask trembles at rest.
};
int MaskCommand(const Program& program, const MaskArguments& arguments);

struct CheckArguments {
  std::filesystem::path config;  ///< With `name`: a method of a configuration.
  std::string name;
  std::string variant, observer;  ///< Without: one of them, a type.
  std::vector<std::string> options;
  std::filesystem::path keep;
};
int CheckCommand(const Program& program, const CheckArguments& arguments);

struct GalleryArguments {
  std::filesystem::path run, masks, to;
  std::string split = "all";
};
int GalleryCommand(const Program& program, const GalleryArguments& arguments);

struct MeasureArguments {
  std::filesystem::path input;
  std::string observer = "eye_measures";
  std::vector<std::string> options;
  std::filesystem::path to, plot;
};
int MeasureCommand(const Program& program, const MeasureArguments& arguments);

struct DatasetMakeArguments {
  std::string name;
  DatasetRecipe recipe;
  std::filesystem::path folder;
  int workers = 1;
};
int DatasetMakeCommand(const Program& program, const DatasetMakeArguments& arguments);
struct DatasetSheetsArguments {
  std::string name;
  std::filesystem::path out;
  std::uint64_t seed = 1;
};
int DatasetSheetsCommand(const Program& program, const DatasetSheetsArguments& arguments);
struct DatasetImportArguments {
  std::string layout;
  ImportRequest request;
};
int DatasetImportCommand(const Program& program, const DatasetImportArguments& arguments);
int DatasetCheckCommand(const Program& program, const std::filesystem::path& manifest);

struct TrainArguments {
  std::string name;
  std::vector<std::string> options;
  NetworkTrainer::Request request;
};
int TrainCommand(const Program& program, const TrainArguments& arguments);

int ModelsImportCommand(const Program& program, std::filesystem::path npm_folder);
int ModelsListCommand(const Program& program);
int ModelsCheckCommand(const Program& program);

struct ListArguments {
  std::string type;
  bool schema = false, reference = false;
};
int ListCommand(const Program& program, const ListArguments& arguments);

}  // namespace maskbench
