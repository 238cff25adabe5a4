// Templates that were computed elsewhere, from a .npy file.
#include "maskbench/recognition/npy_descriptors.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/input_file.h"
#include "maskbench/core/npy.h"
#include "maskbench/perception/face_track.h"
#include "maskbench/recognition/recogniser.h"

namespace maskbench {
namespace {

struct NpyDescriptorsOptions {
  InputFile file;
  std::string metric = "cosine";
  int64_t row = -1;

  static const OptionTable<NpyDescriptorsOptions>& Options() {
    using O = NpyDescriptorsOptions;
    static const auto table =
        OptionTable<O>()
            .Add("file", &O::file,
                 "Table of float32 or float64, one template per row, as .npy; FILE.json beside it "
                 "says which recording and variant a row is of. The path starts at the working "
                 "folder; the content's SHA-256 joins the keys.",
                 {Required()})
            .Add("metric", &O::metric, "How templates are compared.",
                 {OneOf({"cosine", "euclidean"})})
            .Add("row", &O::row, "Filled in by the plan for each recording and variant.",
                 {AtLeast(-1)});
    return table;
  }
};

class NpyDescriptors : public Observer {
 public:
  explicit NpyDescriptors(const NpyDescriptorsOptions& options) : options_(options) {}

  Observations Observe(const Recording&, const std::filesystem::path& track) override {
    Observations result;
    FaceTrackReader reader(track);
    result.frames = reader.frame_count();
    for (FaceObservation face; reader.Next(&face);) {
      result.frames_with_face += face.has_face() ? 1 : 0;
    }
    if (options_.row < 0) return result;  // Not in the file: a failure to enrol.
    const NpyFile file(options_.file.path);
    if (options_.row >= file.rows()) {
      throw DataError(fmt::format("{} has {} rows; row {} was planned.", options_.file.path,
                                  file.rows(), options_.row));
    }
    std::vector<float> scratch;
    const float* const row = file.Rows(options_.row, 1, &scratch);
    Embedding embedding;
    embedding.values.assign(row, row + file.columns());
    // A row of NaN says that enrolment failed.
    const bool enrolled = std::all_of(embedding.values.begin(), embedding.values.end(),
                                      [](float value) { return std::isfinite(value); });
    if (enrolled && !embedding.values.empty()) result.embeddings.push_back(std::move(embedding));
    return result;
  }

 private:
  NpyDescriptorsOptions options_;
};

size_t ColumnOf(const Json& description, const std::string& name, const std::string& file) {
  const Json& columns = description.at("row_columns");
  const auto found = std::find(columns.begin(), columns.end(), Json(name));
  if (found == columns.end()) {
    throw UsageError(fmt::format("{} names no column \"{}\" in row_columns.", file, name));
  }
  return static_cast<size_t>(found - columns.begin());
}

}  // namespace

NpyDescriptorIndex::NpyDescriptorIndex(const std::filesystem::path& array) {
  const std::string file = array.string() + ".json";
  try {
    const Json description = ReadJsonFile(file);
    const size_t recording = ColumnOf(description, "recording", file);
    const size_t variant = ColumnOf(description, "variant", file);
    const Json& rows = description.at("rows");
    const int64_t in_array = NpyFile(array).rows();
    if (static_cast<int64_t>(rows.size()) != in_array) {
      throw UsageError(fmt::format("{} describes {} rows, but {} has {}.", file, rows.size(),
                                   array.string(), in_array));
    }
    for (const Json& row : rows) {
      const std::pair key(row.at(recording).get<std::string>(), row.at(variant).get<std::string>());
      if (!rows_.emplace(key, static_cast<int64_t>(rows_.size())).second) {
        throw UsageError(
            fmt::format("{} has the recording \"{}\" twice under the variant \"{}\"; "
                        "export the templates of one observer.",
                        file, key.first, key.second));
      }
    }
  } catch (const nlohmann::json::exception& error) {
    throw UsageError(fmt::format("{} does not describe rows of an array: {}.", file, error.what()));
  } catch (const DataError& error) {
    throw UsageError(error.what());
  }
}

int64_t NpyDescriptorIndex::RowOf(const std::string& recording, const std::string& variant) const {
  const auto found = rows_.find({recording, variant});
  return found == rows_.end() ? -1 : found->second;
}

void RegisterNpyDescriptors(Registry<Observer>* registry) {
  ComponentInfo info = {kNpyDescriptorsType,
                        1,
                        "Templates of a recogniser that ran elsewhere, from a .npy file.",
                        {}};
  info.single_frames = true;  // It looks at none.
  DeclareRecogniser(info.type, DescriptorMetric::kCosine, "metric");
  registry->Add<NpyDescriptorsOptions>(
      info, [](const NpyDescriptorsOptions& options, const Observer::Context&) {
        return std::make_unique<NpyDescriptors>(options);
      });
}

}  // namespace maskbench
