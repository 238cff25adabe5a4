// Labeled Faces in the Wild and data sets in its layout: NAME/NAME_0001.jpg, and pairs.txt (Huang,
// Ramesh, Berg & Learned-Miller, UMass Amherst TR 07-49, 2007).
#include <charconv>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/text.h"
#include "maskbench/pipeline/dataset_importer.h"

namespace maskbench {
namespace {

namespace fs = std::filesystem;

/// A picture as pairs.txt names it.
struct Picture {
  std::string person;
  int number = 0;
  bool operator<(const Picture& other) const {
    return std::tie(person, number) < std::tie(other.person, other.number);
  }
};

struct NamedPair {
  int fold = 0;
  Picture first, second;
};

/// pairs.txt: "folds pairs", then for each fold so many lines "NAME a b" of one person and so many
/// "NAME a NAME b" of two, with tabs between them.
std::vector<NamedPair> ReadPairs(const fs::path& file) {
  std::vector<std::vector<std::string>> lines;
  for (std::string line : Split(ReadFile(file), '\n')) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    lines.push_back(Split(line, '\t'));
  }
  while (!lines.empty() && lines.back() == std::vector<std::string>{""}) lines.pop_back();
  const auto number = [&](size_t line, const std::string& text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 1) {
      throw DataError(fmt::format("{}, line {}: \"{}\" is no number from 1 on.", file.string(),
                                  line + 1, text));
    }
    return value;
  };
  if (lines.empty() || lines[0].size() != 2) {
    throw DataError(fmt::format(
        "{}, line 1: the numbers of folds and of pairs were expected, with a tab between them.",
        file.string()));
  }
  const int folds = number(0, lines[0][0]), per_kind = number(0, lines[0][1]);
  const auto expected = 1 + 2 * static_cast<int64_t>(folds) * per_kind;
  if (static_cast<int64_t>(lines.size()) != expected) {
    throw DataError(fmt::format("{} has {} lines; {} folds of twice {} pairs take {}.",
                                file.string(), lines.size(), folds, per_kind, expected));
  }
  std::vector<NamedPair> pairs;
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::vector<std::string>& cells = lines[i];
    const auto place = static_cast<int64_t>(i - 1) % (2 * per_kind);
    const bool same = place < per_kind;
    if (cells.size() != (same ? 3U : 4U)) {
      throw DataError(fmt::format("{}, line {}: a pair of {} has {} cells, not {}.", file.string(),
                                  i + 1, same ? "one person" : "two persons", same ? 3 : 4,
                                  cells.size()));
    }
    NamedPair pair;
    pair.fold = static_cast<int>(static_cast<int64_t>(i - 1) / (2 * per_kind)) + 1;
    pair.first = {cells[0], number(i, cells[1])};
    pair.second = {same ? cells[0] : cells[2], number(i, cells[same ? 2 : 3])};
    if (!same && cells[0] == cells[2]) {
      throw DataError(fmt::format("{}, line {}: two persons have one name.", file.string(), i + 1));
    }
    pairs.push_back(pair);
  }
  return pairs;
}

/// The number of NAME_0001.jpg; 0 for other files.
int NumberOf(const fs::path& file, const std::string& person) {
  const std::string stem = file.stem().string();
  if (stem.rfind(person + "_", 0) != 0) return 0;
  const std::string digits = stem.substr(person.size() + 1);
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return error == std::errc() && end == digits.data() + digits.size() ? value : 0;
}

class Lfw : public DatasetImporter {
 public:
  std::string Name() const override { return "lfw"; }
  std::string Summary() const override {
    return "Labeled Faces in the Wild: NAME/NAME_0001.jpg, and the pairs of pairs.txt in the same "
           "folder.";
  }

  Dataset Import(const ImportRequest& request, const Progress& progress) const override {
    Dataset dataset;
    dataset.name = Name();
    dataset.version = "imported";
    dataset.title = "Labeled Faces in the Wild, or a data set in its layout";
    dataset.provenance =
        "Imported from the layout of Labeled Faces in the Wild (Huang et al., UMass Amherst TR "
        "07-49, 2007).";
    dataset.licence = "Not stated: see where the pictures come from.";
    dataset.notes =
        "Single photographs with a nominal rate, of people in the news: recognisers may have been "
        "trained on them. Sessions are unknown and therefore empty.";
    const fs::path pairs_file = request.folder / "pairs.txt";
    std::vector<NamedPair> pairs;
    if (fs::exists(pairs_file)) {
      pairs = ReadPairs(pairs_file);
    } else if (request.pairs_only) {
      throw DataError(
          fmt::format("{} does not exist; without it there are no pairs.", pairs_file.string()));
    }
    std::set<Picture> wanted;
    for (const NamedPair& pair : pairs) wanted.insert({pair.first, pair.second});

    std::map<Picture, std::string> ids;
    std::vector<fs::path> folders;
    for (const fs::path& entry : SortedEntries(request.folder)) {
      if (fs::is_directory(entry)) folders.push_back(entry);
    }
    for (size_t i = 0; i < folders.size(); ++i) {
      const std::string person = folders[i].filename().string();
      Subject subject;
      subject.id = ImportedSubjectId(static_cast<int>(dataset.subjects.size()) + 1);
      bool has_recording = false;
      for (const fs::path& file : SortedEntries(folders[i])) {
        const Picture picture = {person, NumberOf(file, person)};
        if (picture.number == 0 || !LooksLikeRecording(file)) continue;
        if (request.pairs_only && wanted.count(picture) == 0) continue;
        dataset.recordings.push_back(
            ImportedRecording(request.folder, file, subject.id, picture.number));
        ids[picture] = dataset.recordings.back().id;
        has_recording = true;
      }
      if (has_recording) dataset.subjects.push_back(subject);
      progress(static_cast<int>(i) + 1, static_cast<int>(folders.size()), person);
    }
    if (dataset.subjects.empty()) {
      throw DataError(
          fmt::format("{} holds no pictures called NAME/NAME_0001.jpg.", request.folder.string()));
    }
    const auto id_of = [&](const Picture& picture) {
      const auto found = ids.find(picture);
      if (found == ids.end()) {
        throw DataError(fmt::format("{} names picture {} of {}, which is not there.",
                                    pairs_file.string(), picture.number, picture.person));
      }
      return found->second;
    };
    for (const NamedPair& pair : pairs) {
      dataset.pairs.push_back({pair.fold, id_of(pair.first), id_of(pair.second)});
    }
    return dataset;
  }
};

}  // namespace

void RegisterLfw(DatasetImporters* importers) { importers->push_back(std::make_unique<Lfw>()); }

}  // namespace maskbench
