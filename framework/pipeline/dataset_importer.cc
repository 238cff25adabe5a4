#include "maskbench/pipeline/dataset_importer.h"

#include <algorithm>
#include <cctype>
#include <set>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/hash.h"
#include "maskbench/core/text.h"
#include "maskbench/media/frame_source.h"

namespace maskbench {
namespace fs = std::filesystem;

const DatasetImporter& FindDatasetImporter(const DatasetImporters& importers,
                                           const std::string& name) {
  std::vector<std::string> names;
  for (const auto& importer : importers) {
    if (importer->Name() == name) return *importer;
    names.push_back(importer->Name());
  }
  throw UsageError(fmt::format("there is no importer \"{}\"; known: {}.{}", name, Join(names, ", "),
                               Suggestion(name, names)));
}

fs::path ImportDataset(const DatasetImporter& importer, const ImportRequest& request,
                       const DatasetImporter::Progress& progress) {
  const fs::path manifest = request.folder / "manifest.json";
  if (!fs::is_directory(request.folder)) {
    throw UsageError(fmt::format("{} is no folder.", request.folder.string()));
  }
  if (fs::exists(manifest)) {
    throw UsageError(
        fmt::format("{} exists already; move it away to import again.", manifest.string()));
  }
  Dataset dataset = importer.Import(request, progress);
  dataset.kind = request.kind;
  if (!request.name.empty()) dataset.name = request.name;
  const Json json = Dataset::Options().ToJson(dataset);
  ParseManifest(json, manifest.string());  // What is written can be read.
  WriteJsonFile(manifest, json);
  return manifest;
}

std::vector<fs::path> SortedEntries(const fs::path& folder) {
  if (!fs::is_directory(folder)) {
    throw DataError(fmt::format("{} is no folder.", folder.string()));
  }
  std::vector<fs::path> entries;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename().string().front() != '.') entries.push_back(entry.path());
  }
  // Numbers by their value, so that s2 comes before s10.
  const auto before = [](const fs::path& first, const fs::path& second) {
    const std::string a = first.filename().string(), b = second.filename().string();
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
      if (digit(a[i]) && digit(b[j])) {
        size_t end_a = i, end_b = j;
        while (end_a < a.size() && digit(a[end_a])) ++end_a;
        while (end_b < b.size() && digit(b[end_b])) ++end_b;
        std::string x = a.substr(i, end_a - i), y = b.substr(j, end_b - j);
        x.erase(0, std::min(x.find_first_not_of('0'), x.size() - 1));
        y.erase(0, std::min(y.find_first_not_of('0'), y.size() - 1));
        if (x.size() != y.size()) return x.size() < y.size();
        if (x != y) return x < y;
        i = end_a;
        j = end_b;
      } else {
        if (a[i] != b[j]) return a[i] < b[j];
        ++i;
        ++j;
      }
    }
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  };
  std::sort(entries.begin(), entries.end(), before);
  return entries;
}

bool LooksLikeRecording(const fs::path& file) {
  static const std::set<std::string> kExtensions = {".jpg",  ".jpeg", ".png", ".bmp", ".tif",
                                                    ".tiff", ".webp", ".pgm", ".ppm", ".mp4",
                                                    ".mkv",  ".webm", ".avi", ".mov", ".m4v"};
  std::string extension = file.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return kExtensions.count(extension) > 0;
}

std::string ImportedSubjectId(int number) { return fmt::format("p{:04}", number); }

std::string ImportedRecordingId(const std::string& subject, int number) {
  return fmt::format("{}_{:02}", subject, number);
}

LabelledRecording ImportedRecording(const fs::path& root, const fs::path& file,
                                    const std::string& subject, int number) {
  LabelledRecording recording;
  recording.id = ImportedRecordingId(subject, number);
  recording.subject = subject;
  recording.path = fs::relative(file, root).string();
  recording.sha256 = Sha256OfFile(file);
  const MediaInfo info = ProbeMedia(file);
  recording.rate_hz = info.rate.hz();
  recording.frame_count = info.frame_count;
  return recording;
}

}  // namespace maskbench
