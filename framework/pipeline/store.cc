#include "maskbench/pipeline/store.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

// Raised when the tables change; kept as the file's user_version. Files from before the first raise
// have 0 there.
constexpr int kStoreVersion = 2;

// `observation` holds facts about pixels only. Series and embeddings are little blobs: a value per
// frame as 64-bit floats (NaN = not known), an embedding as 32-bit floats, native byte order.
constexpr char kSchema[] = R"sql(
CREATE TABLE IF NOT EXISTS node (
  key TEXT PRIMARY KEY, stage TEXT NOT NULL, component TEXT NOT NULL, version INTEGER NOT NULL,
  options TEXT NOT NULL, recording TEXT NOT NULL, variant TEXT NOT NULL, observer TEXT NOT NULL,
  status TEXT NOT NULL, reason TEXT NOT NULL, artefact TEXT NOT NULL, artefact_sha256 TEXT NOT NULL,
  frames INTEGER NOT NULL, wall_s REAL NOT NULL, cpu_s REAL NOT NULL,
  peak_memory_bytes INTEGER NOT NULL, notes TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS face_count (
  key TEXT PRIMARY KEY REFERENCES node(key), frames INTEGER NOT NULL,
  frames_with_face INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS series (
  key TEXT NOT NULL REFERENCES node(key), position INTEGER NOT NULL, eye TEXT NOT NULL,
  name TEXT NOT NULL, unit TEXT NOT NULL, samples BLOB NOT NULL, PRIMARY KEY (key, position));
CREATE TABLE IF NOT EXISTS measure (
  key TEXT NOT NULL REFERENCES node(key), position INTEGER NOT NULL, eye TEXT NOT NULL,
  name TEXT NOT NULL, unit TEXT NOT NULL, value REAL, low REAL, high REAL, note TEXT NOT NULL,
  PRIMARY KEY (key, position));
CREATE TABLE IF NOT EXISTS embedding (
  key TEXT NOT NULL REFERENCES node(key), frame INTEGER NOT NULL, numbers BLOB NOT NULL,
  PRIMARY KEY (key, frame));
CREATE TABLE IF NOT EXISTS reading (
  key TEXT NOT NULL REFERENCES node(key), position INTEGER NOT NULL, eye TEXT NOT NULL,
  condition TEXT NOT NULL, label TEXT NOT NULL, score REAL, PRIMARY KEY (key, position));
)sql";

constexpr std::array<const char*, 3> kStatusNames = {"done", "failed", "blocked"};

std::string EyeText(const std::optional<Side>& eye) { return eye ? ToString(*eye) : ""; }

std::optional<Side> EyeFromText(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text == "right" ? Side::kRight : Side::kLeft;
}

/// Leaves NULL where there is no number.
void BindNumber(SQLite::Statement* statement, int index, double value) {
  if (!std::isnan(value)) statement->bind(index, value);
}

double NumberOrNan(const SQLite::Column& column) {
  return column.isNull() ? std::numeric_limits<double>::quiet_NaN() : column.getDouble();
}

template <class T>
void BindBlob(SQLite::Statement* statement, int index, const std::vector<T>& values) {
  statement->bind(index, static_cast<const void*>(values.data()),
                  static_cast<int>(values.size() * sizeof(T)));
}

template <class T>
std::vector<T> BlobValues(const SQLite::Column& column) {
  std::vector<T> values(static_cast<size_t>(column.getBytes()) / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), column.getBlob(), values.size() * sizeof(T));
  return values;
}

}  // namespace

const char* ToString(NodeStatus status) { return kStatusNames[static_cast<size_t>(status)]; }

Store::Store(const std::filesystem::path& file) {
  try {
    database_ = std::make_unique<SQLite::Database>(file.string(),
                                                   SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    database_->setBusyTimeout(10000);
    database_->exec("PRAGMA journal_mode = WAL");
    // A killed process loses nothing; only a power failure may lose the last nodes, which are then
    // done again.
    database_->exec("PRAGMA synchronous = NORMAL");
    const int version = database_->execAndGet("PRAGMA user_version").getInt();
    if (version == 0 && !database_->tableExists("node")) {
      SQLite::Transaction transaction(*database_);
      database_->exec(kSchema);
      database_->exec(fmt::format("PRAGMA user_version = {}", kStoreVersion));
      transaction.commit();
    } else if (version != kStoreVersion) {
      throw DataError(
          fmt::format("{} was written by another version of the program (tables of version {}, "
                      "not {}); start a new folder.",
                      file.string(), std::max(version, 1), kStoreVersion));
    }
  } catch (const SQLite::Exception& error) {
    throw DataError(fmt::format("{} cannot be used as a store: {}.", file.string(), error.what()));
  }
}

Store::~Store() = default;

void Store::Commit(const Node& node, const NodeOutcome& outcome, const Observations& observations) {
  const std::lock_guard<std::mutex> lock(mutex_);
  try {
    SQLite::Transaction transaction(*database_);
    for (const char* table : {"face_count", "series", "measure", "embedding", "reading", "node"}) {
      SQLite::Statement remove(*database_, fmt::format("DELETE FROM {} WHERE key = ?", table));
      remove.bind(1, node.key);
      remove.exec();
    }
    SQLite::Statement insert(*database_,
                             "INSERT INTO node VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
    int column = 1;
    for (const std::string& text : {node.key, std::string(ToString(node.stage)), node.component}) {
      insert.bind(column++, text);
    }
    insert.bind(column++, node.version);
    for (const std::string& text : {node.options.dump(), node.anonymous_id, node.variant,
                                    node.observer, std::string(ToString(outcome.status)),
                                    outcome.reason, outcome.artefact, outcome.artefact_sha256}) {
      insert.bind(column++, text);
    }
    insert.bind(column++, outcome.frames);
    insert.bind(column++, outcome.wall_s);
    insert.bind(column++, outcome.cpu_s);
    insert.bind(column++, static_cast<int64_t>(outcome.peak_memory_bytes));
    insert.bind(column++, outcome.notes.dump());
    insert.exec();
    if (node.stage == Stage::kObserve && outcome.status == NodeStatus::kDone) {
      SQLite::Statement count(*database_, "INSERT INTO face_count VALUES (?,?,?)");
      count.bind(1, node.key);
      count.bind(2, observations.frames);
      count.bind(3, observations.frames_with_face);
      count.exec();
    }
    int position = 0;
    for (const MeasureSeries& series : observations.series) {
      SQLite::Statement row(*database_, "INSERT INTO series VALUES (?,?,?,?,?,?)");
      row.bind(1, node.key);
      row.bind(2, position++);
      row.bind(3, EyeText(series.eye));
      row.bind(4, series.name);
      row.bind(5, series.unit);
      BindBlob(&row, 6, series.values);
      row.exec();
    }
    position = 0;
    for (const MeasureValue& measure : observations.values) {
      SQLite::Statement row(*database_, "INSERT INTO measure VALUES (?,?,?,?,?,?,?,?,?)");
      row.bind(1, node.key);
      row.bind(2, position++);
      row.bind(3, EyeText(measure.eye));
      row.bind(4, measure.name);
      row.bind(5, measure.unit);
      BindNumber(&row, 6, measure.value);
      BindNumber(&row, 7, measure.low);
      BindNumber(&row, 8, measure.high);
      row.bind(9, measure.note);
      row.exec();
    }
    for (const Embedding& embedding : observations.embeddings) {
      SQLite::Statement row(*database_, "INSERT INTO embedding VALUES (?,?,?)");
      row.bind(1, node.key);
      row.bind(2, embedding.frame);
      BindBlob(&row, 3, embedding.values);
      row.exec();
    }
    position = 0;
    for (const Reading& reading : observations.readings) {
      SQLite::Statement row(*database_, "INSERT INTO reading VALUES (?,?,?,?,?,?)");
      row.bind(1, node.key);
      row.bind(2, position++);
      row.bind(3, EyeText(reading.eye));
      row.bind(4, reading.condition);
      row.bind(5, reading.label);
      BindNumber(&row, 6, reading.score);
      row.exec();
    }
    if (commit_hook_) commit_hook_(false);
    transaction.commit();
    if (commit_hook_) commit_hook_(true);
  } catch (const SQLite::Exception& error) {
    throw DataError(
        fmt::format("the store {} cannot be written: {}.", database_->getFilename(), error.what()));
  }
}

std::map<std::string, NodeOutcome> Store::Outcomes() {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::map<std::string, NodeOutcome> outcomes;
  SQLite::Statement query(*database_,
                          "SELECT key, status, reason, artefact, artefact_sha256, frames, wall_s, "
                          "cpu_s, peak_memory_bytes, notes FROM node");
  while (query.executeStep()) {
    NodeOutcome outcome;
    const std::string status = query.getColumn(1).getString();
    for (size_t i = 0; i < kStatusNames.size(); ++i) {
      if (status == kStatusNames[i]) outcome.status = static_cast<NodeStatus>(i);
    }
    outcome.reason = query.getColumn(2).getString();
    outcome.artefact = query.getColumn(3).getString();
    outcome.artefact_sha256 = query.getColumn(4).getString();
    outcome.frames = query.getColumn(5).getInt64();
    outcome.wall_s = query.getColumn(6).getDouble();
    outcome.cpu_s = query.getColumn(7).getDouble();
    outcome.peak_memory_bytes = query.getColumn(8).getInt64();
    outcome.notes = Json::parse(query.getColumn(9).getString(), nullptr, false);
    outcomes[query.getColumn(0).getString()] = outcome;
  }
  return outcomes;
}

std::optional<Observations> Store::ReadObservations(const std::string& key) {
  const std::lock_guard<std::mutex> lock(mutex_);
  SQLite::Statement count(*database_,
                          "SELECT frames, frames_with_face FROM face_count WHERE key = ?");
  count.bind(1, key);
  if (!count.executeStep()) return std::nullopt;
  Observations result;
  result.frames = count.getColumn(0).getInt64();
  result.frames_with_face = count.getColumn(1).getInt64();
  SQLite::Statement series(
      *database_, "SELECT eye, name, unit, samples FROM series WHERE key = ? ORDER BY position");
  series.bind(1, key);
  while (series.executeStep()) {
    result.series.push_back({EyeFromText(series.getColumn(0).getString()),
                             series.getColumn(1).getString(), series.getColumn(2).getString(),
                             BlobValues<double>(series.getColumn(3))});
  }
  SQLite::Statement measure(
      *database_,
      "SELECT eye, name, unit, value, low, high, note FROM measure WHERE key = ? "
      "ORDER BY position");
  measure.bind(1, key);
  while (measure.executeStep()) {
    result.values.push_back({EyeFromText(measure.getColumn(0).getString()),
                             measure.getColumn(1).getString(), measure.getColumn(2).getString(),
                             NumberOrNan(measure.getColumn(3)), NumberOrNan(measure.getColumn(4)),
                             NumberOrNan(measure.getColumn(5)), measure.getColumn(6).getString()});
  }
  SQLite::Statement embedding(*database_,
                              "SELECT frame, numbers FROM embedding WHERE key = ? ORDER BY frame");
  embedding.bind(1, key);
  while (embedding.executeStep()) {
    result.embeddings.push_back(
        {embedding.getColumn(0).getInt64(), BlobValues<float>(embedding.getColumn(1))});
  }
  SQLite::Statement reading(
      *database_,
      "SELECT eye, condition, label, score FROM reading WHERE key = ? ORDER BY position");
  reading.bind(1, key);
  while (reading.executeStep()) {
    result.readings.push_back({EyeFromText(reading.getColumn(0).getString()),
                               reading.getColumn(1).getString(), reading.getColumn(2).getString(),
                               NumberOrNan(reading.getColumn(3))});
  }
  return result;
}

}  // namespace maskbench
