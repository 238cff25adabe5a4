#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "maskbench/clinical/diagnosis.h"
#include "maskbench/core/registry.h"
#include "maskbench/media/recording.h"
#include "maskbench/perception/observer.h"

namespace maskbench {

/// What a reader says, and what it rests on.
struct ReaderReport {
  int64_t frames = 0, frames_with_face = 0;
  Diagnosis diagnosis;
  /// Measures behind the decisions, for whoever wants to check them.
  std::vector<MeasureValue> evidence;
};

/// Reads one delivered recording, original or masked, without knowing which, and says which
/// conditions each eye has. One instance per worker.
class Reader {
 public:
  virtual ~Reader() = default;
  /// @param track  face track of `recording.file`. What cannot be told is `kUnknown`, never absent.
  /// Throws DataError when the recording cannot be read at all.
  virtual ReaderReport Read(const Recording& recording, const std::filesystem::path& track) = 0;
  /// The same, from what another observer (ReadsFrom) saw of the same file.
  virtual ReaderReport ReadFrom(const Observations& seen);
};

/// The observer that stores what a reader says as readings, and its evidence as values.
std::unique_ptr<Observer> WrapReader(std::unique_ptr<Reader> reader);

/// What a reader says that need not look itself, since its basis (ReadsFrom) has looked.
/// @param observer  from WrapReader; throws Error for others.
Observations ObserveFrom(Observer* observer, const Observations& seen);

/// Says that an observer type is a reader; AddReader does it.
/// @param basis  see ReadsFrom.
void DeclareReader(const std::string& observer_type, const std::string& basis);
/// Whether observers of this type give diagnoses.
bool IsReader(const std::string& observer_type);
/// The type of observer whose observations are all that this type of reader needs; where a run has
/// one with the same options, nobody looks twice. Empty for readers that look themselves, and for
/// observers that are none.
std::string ReadsFrom(const std::string& observer_type);

/// Adds a reader as an observer of its own name. @tparam Options  with an option table.
/// @param basis  see ReadsFrom.
template <class Options>
void AddReader(
    Registry<Observer>* registry, const ComponentInfo& info,
    std::function<std::unique_ptr<Reader>(const Options&, const Observer::Context&)> make,
    const std::string& basis = "") {
  DeclareReader(info.type, basis);
  registry->Add<Options>(
      info, [make = std::move(make)](const Options& options, const Observer::Context& context) {
        return WrapReader(make(options, context));
      });
}

}  // namespace maskbench
