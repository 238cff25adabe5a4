#include "maskbench/clinical/reader.h"

#include <map>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

class ReaderObserver : public Observer {
 public:
  explicit ReaderObserver(std::unique_ptr<Reader> reader) : reader_(std::move(reader)) {}

  Observations Observe(const Recording& recording, const std::filesystem::path& track) override {
    return ToObservations(reader_->Read(recording, track));
  }
  Observations ReadFrom(const Observations& seen) {
    return ToObservations(reader_->ReadFrom(seen));
  }

 private:
  static Observations ToObservations(ReaderReport report) {
    Observations result;
    result.frames = report.frames;
    result.frames_with_face = report.frames_with_face;
    result.values = std::move(report.evidence);
    result.readings = ToReadings(report.diagnosis);
    return result;
  }

  std::unique_ptr<Reader> reader_;
};

/// Basis of every reader. Filled by DeclareReader, which runs before any thread starts.
std::map<std::string, std::string>& Readers() {
  static std::map<std::string, std::string> readers;
  return readers;
}

}  // namespace

ReaderReport Reader::ReadFrom(const Observations&) {
  throw Error("this reader cannot read from another observer's observations.");
}

std::unique_ptr<Observer> WrapReader(std::unique_ptr<Reader> reader) {
  return std::make_unique<ReaderObserver>(std::move(reader));
}

Observations ObserveFrom(Observer* observer, const Observations& seen) {
  auto* reader = dynamic_cast<ReaderObserver*>(observer);
  if (reader == nullptr) throw Error("an observer that is no reader has to look itself.");
  return reader->ReadFrom(seen);
}

void DeclareReader(const std::string& observer_type, const std::string& basis) {
  Readers()[observer_type] = basis;
}

bool IsReader(const std::string& observer_type) { return Readers().count(observer_type) > 0; }

std::string ReadsFrom(const std::string& observer_type) {
  const auto found = Readers().find(observer_type);
  return found == Readers().end() ? "" : found->second;
}

}  // namespace maskbench
