// A folder for each person with that person's images or videos: AT&T (ORL), and many others.
#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/pipeline/dataset_importer.h"

namespace maskbench {
namespace {

namespace fs = std::filesystem;

class FolderPerPerson : public DatasetImporter {
 public:
  std::string Name() const override { return "folder_per_person"; }
  std::string Summary() const override {
    return "A folder for each person with that person's images or videos, as in AT&T (ORL).";
  }

  Dataset Import(const ImportRequest& request, const Progress& progress) const override {
    Dataset dataset;
    dataset.name = Name();
    dataset.version = "imported";
    dataset.title = "Imported from a folder for each person";
    dataset.provenance = "Imported from the layout of one folder for each person.";
    dataset.licence = "Not stated: see where the recordings come from.";
    dataset.notes =
        "Every file is a recording; images have a nominal rate. Sessions are unknown and therefore "
        "empty: pairs may come from one session and then flatter a recogniser.";
    std::vector<fs::path> folders;
    for (const fs::path& entry : SortedEntries(request.folder)) {
      if (fs::is_directory(entry)) folders.push_back(entry);
    }
    for (const fs::path& folder : folders) {
      const std::string id = ImportedSubjectId(static_cast<int>(dataset.subjects.size()) + 1);
      int number = 0;
      for (const fs::path& file : SortedEntries(folder)) {
        if (!fs::is_regular_file(file) || !LooksLikeRecording(file)) continue;
        dataset.recordings.push_back(ImportedRecording(request.folder, file, id, ++number));
      }
      progress(static_cast<int>(dataset.subjects.size()), static_cast<int>(folders.size()),
               folder.filename().string());
      if (number == 0) continue;  // Not a person's.
      Subject subject;
      subject.id = id;
      dataset.subjects.push_back(subject);
    }
    if (dataset.subjects.empty()) {
      throw DataError(
          fmt::format("{} holds no folder with an image or a video.", request.folder.string()));
    }
    return dataset;
  }
};

}  // namespace

void RegisterFolderPerPerson(DatasetImporters* importers) {
  importers->push_back(std::make_unique<FolderPerPerson>());
}

}  // namespace maskbench
