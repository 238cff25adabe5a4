#include "maskbench/pipeline/store.h"

#include <cmath>
#include <limits>

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"

namespace maskbench {
namespace {

Node ObserveNode() {
  Node node;
  node.stage = Stage::kObserve;
  node.key = "k1";
  node.component = "made";
  return node;
}

Observations MadeObservations() {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Observations seen;
  seen.frames = 3;
  seen.frames_with_face = 2;
  seen.series.push_back({Side::kLeft, "mrd1", "mm", {4.5, nan, -1.25}});
  seen.series.push_back({std::nullopt, "roll", "deg", {1, 2, 3}});
  seen.values.push_back({Side::kRight, "mrd1_median", "mm", nan});
  seen.values.push_back({std::nullopt, "blink_count", "count", 7});
  seen.values.push_back({Side::kLeft, "mrd1", "mm", 3.5, 3.25, 3.75, "head turned 20 deg"});
  seen.values.push_back({Side::kLeft, "deviation", "deg", nan, -2, nan, "never fixates, \"x\""});
  seen.embeddings.push_back({1, {0.5F, -0.5F}});
  seen.embeddings.push_back({Embedding::kTemplate, {1.0F, 2.0F}});
  seen.readings.push_back({Side::kLeft, "ptosis", "mild", 0.75});
  return seen;
}

TEST(Store, ObservationsComeBackAfterReopening) {
  const TemporaryFolder folder;
  NodeOutcome outcome;
  outcome.frames = 3;
  outcome.wall_s = 0.5;
  outcome.notes = {{"sandbox", "none"}};
  { Store(folder.path() / "s.sqlite").Commit(ObserveNode(), outcome, MadeObservations()); }
  Store store(folder.path() / "s.sqlite");
  const auto outcomes = store.Outcomes();
  ASSERT_EQ(outcomes.count("k1"), 1U);
  EXPECT_EQ(outcomes.at("k1").frames, 3);
  EXPECT_EQ(outcomes.at("k1").notes["sandbox"], "none");
  const auto seen = store.ReadObservations("k1");
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->frames_with_face, 2);
  ASSERT_EQ(seen->series.size(), 2U);
  EXPECT_EQ(seen->series[0].eye, Side::kLeft);
  EXPECT_EQ(seen->series[0].values[2], -1.25);
  EXPECT_TRUE(std::isnan(seen->series[0].values[1]));
  EXPECT_FALSE(seen->series[1].eye);
  EXPECT_TRUE(std::isnan(seen->values[0].value));
  ASSERT_EQ(seen->values.size(), 4U);
  EXPECT_EQ(seen->values[1].value, 7);
  EXPECT_TRUE(std::isnan(seen->values[1].low));
  EXPECT_TRUE(std::isnan(seen->values[1].high));
  EXPECT_EQ(seen->values[1].note, "");
  EXPECT_EQ(seen->values[2].low, 3.25);
  EXPECT_EQ(seen->values[2].high, 3.75);
  EXPECT_EQ(seen->values[2].note, "head turned 20 deg");
  EXPECT_TRUE(std::isnan(seen->values[3].value));
  EXPECT_EQ(seen->values[3].low, -2);
  EXPECT_TRUE(std::isnan(seen->values[3].high));
  EXPECT_EQ(seen->values[3].note, "never fixates, \"x\"");
  ASSERT_EQ(seen->embeddings.size(), 2U);
  EXPECT_EQ(seen->embeddings[0].frame, Embedding::kTemplate);  // Sorted by frame.
  EXPECT_EQ(seen->embeddings[1].values, (std::vector<float>{0.5F, -0.5F}));
  ASSERT_EQ(seen->readings.size(), 1U);
  EXPECT_EQ(seen->readings[0].label, "mild");
}

TEST(Store, ASecondCommitReplacesTheFirstWhole) {
  const TemporaryFolder folder;
  Store store(folder.path() / "s.sqlite");
  store.Commit(ObserveNode(), {}, MadeObservations());
  NodeOutcome failed;
  failed.status = NodeStatus::kFailed;
  failed.reason = "it broke.";
  store.Commit(ObserveNode(), failed, {});
  EXPECT_EQ(store.Outcomes().at("k1").reason, "it broke.");
  EXPECT_FALSE(store.ReadObservations("k1"));
}

TEST(Store, NothingOfAnInterruptedCommitStays) {
  const TemporaryFolder folder;
  Store store(folder.path() / "s.sqlite");
  store.SetCommitHook([](bool after) {
    if (!after) throw DataError("interrupted");
  });
  EXPECT_THROW(store.Commit(ObserveNode(), {}, MadeObservations()), DataError);
  EXPECT_TRUE(store.Outcomes().empty());
  EXPECT_FALSE(store.ReadObservations("k1"));
}

// Measures had neither interval nor note, and the file no version.
TEST(Store, RefusesTablesOfAnotherVersion) {
  const TemporaryFolder folder;
  const std::filesystem::path old = folder.path() / "old.sqlite", next = folder.path() / "n.sqlite";
  {
    SQLite::Database database(old.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    database.exec("CREATE TABLE node (key TEXT PRIMARY KEY)");
    database.exec("CREATE TABLE measure (key TEXT, value REAL)");
  }
  { Store made(next); }
  SQLite::Database(next.string(), SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 99");
  for (const auto& [file, version] : {std::pair(old, "version 1,"), {next, "version 99,"}}) {
    try {
      const Store store(file);
      FAIL() << file;
    } catch (const DataError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr(file.string()));
      EXPECT_THAT(error.what(), testing::HasSubstr(version));
      EXPECT_THAT(error.what(), testing::HasSubstr("start a new folder"));
    }
  }
}

TEST(Store, RefusesAFileThatIsNoDatabase) {
  const TemporaryFolder folder;
  WriteFileAtomically(folder.path() / "s.sqlite", std::string(5000, 'x'));
  EXPECT_THROW(Store{folder.path() / "s.sqlite"}, DataError);
}

}  // namespace
}  // namespace maskbench
