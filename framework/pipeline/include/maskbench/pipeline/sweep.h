#pragma once

#include <string>
#include <vector>

#include "maskbench/core/option_table.h"

namespace maskbench {

/// "sweep" of a run configuration: options that take several values. Paths are those of --set.
/// Options of a variant give further variants of the same run, anything else gives further runs.
struct SweepOptions {
  /// Path → list of values; every combination. Of several variants, each has its own.
  Json grid = Json::object();
  /// Path → list of values, all of one length; the first ones together, the second ones, ….
  Json paired = Json::object();
  /// Points one by one: path → value, and perhaps "name".
  std::vector<Json> list;
  /// Metrics that sweep.md and sweep.png show, each "METRIC" or "METRIC@GROUP".
  std::vector<std::string> show;

  static const OptionTable<SweepOptions>& Options();
};

/// Where a variant or a run stands in a sweep.
struct SweepPlace {
  /// Path → value, of all that differs from the configuration as it is.
  Json values = Json::object();
  /// What it is drawn over: the first path and its value, or "" and the point's name where points
  /// of a list differ in several options.
  std::string axis;
  Json at;
  /// The other values, as text; tells lines of a picture apart.
  std::string rest;
};

/// A variant that a sweep made of another one.
struct SweptVariant {
  std::string name, from;
  SweepPlace place;
};

/// One run of a sweep.
struct SweptRun {
  /// Of the run's folder; empty when only variants are swept, so that there is one run.
  std::string name;
  SweepPlace place;
  std::vector<SweptVariant> variants;
  /// Without "sweep".
  Json config;
  std::vector<std::string> show;
};

/// Lays out a sweep; one run without one. A swept variant is replaced by its versions, where it
/// stood, which are called VARIANT-OPTION_VALUE (a dot in a number becomes "p", a minus "m") or,
/// for named points, VARIANT-NAME; runs are called OPTION_VALUE. A function of the configuration
/// alone.
/// @param file  how messages call it. Throws UsageError with every problem and its path.
std::vector<SweptRun> ExpandSweep(const Json& config, const std::string& file);

/// For sweep.json, and back.
Json ToJson(const SweepPlace& place);
SweepPlace SweepPlaceFromJson(const Json& json);

}  // namespace maskbench
