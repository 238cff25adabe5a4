#include "maskbench/clinical/reader.h"

#include <set>

namespace maskbench {
namespace {

class ReaderObserver : public Observer {
 public:
  explicit ReaderObserver(std::unique_ptr<Reader> reader) : reader_(std::move(reader)) {}

  Observations Observe(const Recording& recording, const std::filesystem::path& track) override {
    ReaderReport report = reader_->Read(recording, track);
    Observations result;
    result.frames = report.frames;
    result.frames_with_face = report.frames_with_face;
    result.values = std::move(report.evidence);
    result.readings = ToReadings(report.diagnosis);
    return result;
  }

 private:
  std::unique_ptr<Reader> reader_;
};

/// Filled by DeclareReader, which runs before any thread starts.
std::set<std::string>& Readers() {
  static std::set<std::string> readers;
  return readers;
}

}  // namespace

std::unique_ptr<Observer> WrapReader(std::unique_ptr<Reader> reader) {
  return std::make_unique<ReaderObserver>(std::move(reader));
}

void DeclareReader(const std::string& observer_type) { Readers().insert(observer_type); }

bool IsReader(const std::string& observer_type) { return Readers().count(observer_type) > 0; }

}  // namespace maskbench
