// The two hand readings of datasets/real_eyes, against each other and against their own rules.
// MASKBENCH_RENEW_GOLDEN=1 writes agreement.json; the rows for README.md are in the failures then.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/core/files.h"
#include "maskbench/core/json.h"
#include "maskbench/stats/bootstrap.h"

namespace maskbench {
namespace {

constexpr double kIrisWidth_mm = 11.7;
constexpr double kHalfBelow = 0.45;  // Opening over iris width.
const char* const kPlaces[] = {"medial_quarter", "mid", "lateral_quarter"};
const char* const kLids[] = {"upper_lid", "lower_lid"};

std::filesystem::path Folder() {
  return std::filesystem::path(MASKBENCH_SOURCE_DIR) / "datasets/real_eyes";
}

using ById = std::map<std::string, Json>;

ById Load(const char* file, const char* list) {
  const Json document = ReadJsonFile(Folder() / file);
  ById entries;
  for (const Json& entry : document.at(list)) {
    EXPECT_TRUE(entries.emplace(entry.at("id").get<std::string>(), entry).second)
        << file << " has " << entry.at("id") << " twice";
  }
  return entries;
}

const ById& Crops() {
  static const auto* crops = new ById(Load("crops.json", "crops"));
  return *crops;
}

// Of reading 1 or 2.
const ById& Pass(int number) {
  static const auto* first = new ById(Load("annotations_pass1.json", "eyes"));
  static const auto* second = new ById(Load("annotations_pass2.json", "eyes"));
  return number == 1 ? *first : *second;
}

std::set<std::string> Ids(const ById& entries) {
  std::set<std::string> ids;
  for (const auto& [id, entry] : entries) ids.insert(id);
  return ids;
}

std::string State(const Json& eye) { return eye.at("state").get<std::string>(); }

double X(const Json& point) { return point.at(0).get<double>(); }
double Y(const Json& point) { return point.at(1).get<double>(); }

// +1 if the temple is to the right in the picture, which it is for a left eye.
double Temporal(const std::string& id) { return Crops().at(id).at("side") == "left" ? 1.0 : -1.0; }

void ForEveryEye(const std::function<void(const std::string&, const Json&)>& check) {
  for (int pass : {1, 2}) {
    for (const auto& [id, eye] : Pass(pass)) {
      SCOPED_TRACE(fmt::format("pass {}, {}", pass, id));
      check(id, eye);
    }
  }
}

TEST(RealEyes, BothReadingsCoverEveryCrop) {
  EXPECT_EQ(Crops().size(), 91U);
  EXPECT_EQ(Ids(Pass(1)), Ids(Crops()));
  EXPECT_EQ(Ids(Pass(2)), Ids(Crops()));
  for (int pass : {1, 2}) {
    const Json document = ReadJsonFile(Folder() / fmt::format("annotations_pass{}.json", pass));
    EXPECT_EQ(document.at("format"), "maskbench-real-eyes-annotations");
    EXPECT_EQ(document.at("format_version"), 1);
    EXPECT_EQ(document.at("pass"), pass);
  }
}

TEST(RealEyes, PointsLieInsideTheirCrop) {
  ForEveryEye([](const std::string& id, const Json& eye) {
    const Json& rect = Crops().at(id).at("rect");
    const double left = rect[0].get<double>() - 0.5, top = rect[1].get<double>() - 0.5;
    const double right = left + rect[2].get<double>(), bottom = top + rect[3].get<double>();
    const auto inside = [&](const char* what, const Json& point) {
      if (point.is_null()) return;
      EXPECT_TRUE(left <= X(point) && X(point) <= right && top <= Y(point) && Y(point) <= bottom)
          << what << " " << point;
    };
    for (const char* what : {"medial_corner", "lateral_corner", "pupil", "reflex"}) {
      inside(what, eye.at(what));
    }
    for (const char* lid : kLids) {
      ASSERT_FALSE(eye.at(lid).at("mid").is_null()) << lid;
      for (const char* place : kPlaces) inside(place, eye.at(lid).at(place));
    }
    if (!eye.at("iris").is_null()) inside("iris", eye.at("iris").at("center"));
  });
}

TEST(RealEyes, UpperMarginIsAboveLowerInTheSameColumn) {
  ForEveryEye([](const std::string&, const Json& eye) {
    for (const char* place : kPlaces) {
      const Json& upper = eye.at("upper_lid").at(place);
      const Json& lower = eye.at("lower_lid").at(place);
      if (State(eye) == "closed") {
        EXPECT_EQ(upper, lower) << place;
        continue;
      }
      if (upper.is_null() || lower.is_null()) continue;
      EXPECT_NEAR(X(upper), X(lower), 0.3) << place;
      EXPECT_LT(Y(upper), Y(lower)) << place;
    }
  });
}

TEST(RealEyes, MedialCornerIsOnTheSideOfTheNose) {
  ForEveryEye([](const std::string& id, const Json& eye) {
    const Json& medial = eye.at("medial_corner");
    const Json& lateral = eye.at("lateral_corner");
    if (medial.is_null() || lateral.is_null()) return;
    const double width_px = (X(lateral) - X(medial)) * Temporal(id);
    EXPECT_GT(width_px, 0) << "corners swapped";
    for (const char* lid : kLids) {
      const auto share = [&](const char* place) {
        return (X(eye.at(lid).at(place)) - X(medial)) * Temporal(id) / width_px;
      };
      if (!eye.at(lid).at("medial_quarter").is_null()) {
        EXPECT_NEAR(share("medial_quarter"), 0.25, 0.02) << lid;
      }
      if (!eye.at(lid).at("lateral_quarter").is_null()) {
        EXPECT_NEAR(share("lateral_quarter"), 0.75, 0.02) << lid;
      }
    }
  });
}

TEST(RealEyes, StateFollowsFromTheOpening) {
  ForEveryEye([](const std::string&, const Json& eye) {
    EXPECT_THAT(State(eye), testing::AnyOf("open", "half", "closed"));
    const Json& iris = eye.at("iris");
    if (iris.is_null()) {
      EXPECT_NE(State(eye), "open") << "an open eye shows its iris";
      return;
    }
    EXPECT_NE(State(eye), "closed") << "a closed eye shows no iris";
    EXPECT_NEAR(X(eye.at("upper_lid").at("mid")), X(iris.at("center")), 0.3);
    const double opening_px = Y(eye.at("lower_lid").at("mid")) - Y(eye.at("upper_lid").at("mid"));
    const double width_px = 2 * iris.at("semi_axis_x").get<double>();
    EXPECT_EQ(opening_px < kHalfBelow * width_px, State(eye) == "half")
        << "opening is " << opening_px / width_px << " of the iris width, state " << State(eye);
  });
}

TEST(RealEyes, ReadersAgreeOnTheState) {
  int same = 0;
  for (const auto& [id, first] : Pass(1)) {
    const std::string one = State(first), two = State(Pass(2).at(id));
    same += one == two ? 1 : 0;
    EXPECT_FALSE((one == "open" && two == "closed") || (one == "closed" && two == "open")) << id;
  }
  EXPECT_GE(same, 0.9 * static_cast<double>(Crops().size()));
}

// What the two readers give for one eye, second minus first. Horizontal parts count towards the
// temple.
struct Difference {
  double size_px = 0;    // Absolute value; of corners the distance.
  double signed_px = 0;  // Of corners the horizontal part.
};

// Null where a reader gave none.
using Quantity = std::function<std::optional<Difference>(const Json& first, const Json& second,
                                                         double temporal)>;

std::optional<Difference> Plain(double difference_px) {
  return Difference{std::abs(difference_px), difference_px};
}

Quantity MarginY(const char* lid) {
  return [lid](const Json& first, const Json& second, double) {
    return Plain(Y(second.at(lid).at("mid")) - Y(first.at(lid).at("mid")));
  };
}

Quantity OfIris(const std::function<double(const Json& iris)>& value, bool horizontal) {
  return [value, horizontal](const Json& first, const Json& second,
                             double temporal) -> std::optional<Difference> {
    if (first.at("iris").is_null() || second.at("iris").is_null()) return std::nullopt;
    return Plain((value(second.at("iris")) - value(first.at("iris"))) *
                 (horizontal ? temporal : 1.0));
  };
}

Quantity Corner(const char* corner) {
  return [corner](const Json& first, const Json& second,
                  double temporal) -> std::optional<Difference> {
    const Json& one = first.at(corner);
    const Json& two = second.at(corner);
    if (one.is_null() || two.is_null()) return std::nullopt;
    return Difference{std::hypot(X(two) - X(one), Y(two) - Y(one)), (X(two) - X(one)) * temporal};
  };
}

double IrisWidth_px(const Json& iris) { return 2 * iris.at("semi_axis_x").get<double>(); }

// In the order of the table's columns.
const std::vector<std::pair<std::string, Quantity>>& Quantities() {
  static const auto* quantities = new std::vector<std::pair<std::string, Quantity>>{
      {"upper_margin_y", MarginY("upper_lid")},
      {"lower_margin_y", MarginY("lower_lid")},
      {"iris_center_x", OfIris([](const Json& iris) { return X(iris.at("center")); }, true)},
      {"iris_center_y", OfIris([](const Json& iris) { return Y(iris.at("center")); }, false)},
      {"iris_width", OfIris(IrisWidth_px, false)},
      {"medial_corner", Corner("medial_corner")},
      {"lateral_corner", Corner("lateral_corner")}};
  return *quantities;
}

std::string Source(const std::string& id) {
  const std::string path = Crops().at(id).at("path").get<std::string>();
  const std::string file = std::filesystem::path(path).filename().string();
  if (file == "franck.mp4") return "franck.mp4";
  if (file.rfind("franck_", 0) == 0) return "franck stills";
  if (file.rfind("cap1", 0) == 0) return "cap clips";
  return "photographs";
}

// Rows of the table: its name and whether an eye belongs to it.
std::vector<std::pair<std::string, std::function<bool(const std::string&)>>> Groups() {
  std::vector<std::pair<std::string, std::function<bool(const std::string&)>>> groups = {
      {"all", [](const std::string&) { return true; }}};
  for (const char* source : {"photographs", "franck stills", "franck.mp4", "cap clips"}) {
    groups.emplace_back(source, [source](const std::string& id) { return Source(id) == source; });
  }
  for (const char* state : {"open", "half", "closed"}) {
    groups.emplace_back(fmt::format("{} (both)", state), [state](const std::string& id) {
      return State(Pass(1).at(id)) == state && State(Pass(2).at(id)) == state;
    });
  }
  return groups;
}

// Pixels per millimetre by the mean iris width of both readers; none without iris.
std::optional<double> Scale(const std::string& id) {
  const Json& first = Pass(1).at(id).at("iris");
  const Json& second = Pass(2).at(id).at("iris");
  if (first.is_null() || second.is_null()) return std::nullopt;
  return (IrisWidth_px(first) + IrisWidth_px(second)) / 2 / kIrisWidth_mm;
}

double Rounded(double value) { return std::round(value * 1e4) / 1e4; }

Json MedianAndP95(std::vector<double> values) {
  if (values.empty()) return nullptr;
  std::sort(values.begin(), values.end());
  return {{"n", values.size()},
          {"median", Rounded(SortedPercentile(values, 0.5))},
          {"p95", Rounded(SortedPercentile(values, 0.95))}};
}

Json Agreement() {
  Json groups = Json::array();
  for (const auto& [name, belongs] : Groups()) {
    int eyes = 0, with_iris = 0;
    for (const auto& [id, crop] : Crops()) {
      if (!belongs(id)) continue;
      ++eyes;
      with_iris += Scale(id).has_value() ? 1 : 0;
    }
    Json row = {{"name", name}, {"eyes", eyes}, {"with_iris", with_iris}};
    for (const auto& [quantity, compare] : Quantities()) {
      std::vector<double> px, mm;
      double sum_px = 0;
      for (const auto& [id, crop] : Crops()) {
        if (!belongs(id)) continue;
        const auto difference = compare(Pass(1).at(id), Pass(2).at(id), Temporal(id));
        if (!difference) continue;
        px.push_back(difference->size_px);
        sum_px += difference->signed_px;
        if (const auto scale = Scale(id)) mm.push_back(difference->size_px / *scale);
      }
      row[quantity] = {{"px", MedianAndP95(px)}, {"mm", MedianAndP95(mm)}};
      if (!px.empty()) {
        row[quantity]["mean_signed_px"] = Rounded(sum_px / static_cast<double>(px.size()));
      }
    }
    groups.push_back(row);
  }
  Json other_state = Json::array();
  for (const auto& [id, first] : Pass(1)) {
    const std::string one = State(first), two = State(Pass(2).at(id));
    if (one != two) other_state.push_back({{"id", id}, {"first", one}, {"second", two}});
  }
  return {{"format", "maskbench-real-eyes-agreement"},
          {"format_version", 1},
          {"what",
           "differences of the two readings: median and 95th percentile of the absolute value "
           "(corners: distance); mean_signed_px: second minus first, horizontally towards the "
           "temple; mm where both read an iris, by its mean width = 11.7 mm"},
          {"other_state", other_state},
          {"groups", groups}};
}

// Equal but for numbers, which may differ by 0.0002.
void ExpectClose(const Json& stored, const Json& computed, const std::string& where) {
  if (computed.is_number() && stored.is_number()) {
    EXPECT_NEAR(stored.get<double>(), computed.get<double>(), 2e-4) << where;
    return;
  }
  if (!computed.is_structured() || stored.type() != computed.type() ||
      stored.size() != computed.size()) {
    EXPECT_EQ(stored, computed) << where;
    return;
  }
  if (computed.is_array()) {
    for (size_t k = 0; k < computed.size(); ++k) {
      ExpectClose(stored[k], computed[k], fmt::format("{}[{}]", where, k));
    }
    return;
  }
  for (const auto& [key, value] : computed.items()) {
    ASSERT_TRUE(stored.contains(key)) << where << " lacks " << key;
    ExpectClose(stored.at(key), value, where + "." + key);
  }
}

TEST(RealEyes, AgreementFileIsThatOfTheReadings) {
  const std::filesystem::path file = Folder() / "agreement.json";
  const Json computed = Agreement();
  if (std::getenv("MASKBENCH_RENEW_GOLDEN") != nullptr) WriteJsonFile(file, computed);
  ExpectClose(ReadJsonFile(file), computed, "agreement.json");
}

// "median / 95th percentile" in `unit`, or a dash.
std::string Cell(const Json& values, const char* unit) {
  const Json& value = values.at(unit);
  if (value.is_null()) return "-";
  return fmt::format("{:.2f} / {:.2f}", value.at("median").get<double>(),
                     value.at("p95").get<double>());
}

TEST(RealEyes, ReadmeQuotesTheAgreementFile) {
  const std::string readme = ReadFile(Folder() / "README.md");
  const Json agreement = ReadJsonFile(Folder() / "agreement.json");
  std::vector<std::string> rows;
  for (const auto& [unit, count] : {std::pair("px", "eyes"), std::pair("mm", "with_iris")}) {
    for (const Json& group : agreement.at("groups")) {
      if (group.at(count) == 0) continue;
      std::string row = fmt::format("| {} | {} |", group.at("name").get<std::string>(),
                                    group.at(count).get<int>());
      for (const auto& [quantity, compare] : Quantities()) {
        row += " " + Cell(group.at(quantity), unit) + " |";
      }
      rows.push_back(row);
    }
  }
  const Json& all = agreement.at("groups").at(0);
  std::string mean = fmt::format("| mean, signed | {} |", all.at("eyes").get<int>());
  for (const auto& [quantity, compare] : Quantities()) {
    mean += fmt::format(" {:+.2f} |", all.at(quantity).at("mean_signed_px").get<double>());
  }
  rows.push_back(mean);
  const Json& other = agreement.at("other_state");
  const size_t eyes = all.at("eyes").get<size_t>();
  rows.push_back(fmt::format("same state in {} of {} eyes", eyes - other.size(), eyes));
  for (const std::string& row : rows) {
    EXPECT_NE(readme.find(row + (row[0] == '|' ? "\n" : "")), std::string::npos)
        << "README.md lacks: " << row;
  }
  for (const Json& eye : other) {
    EXPECT_NE(readme.find("`" + eye.at("id").get<std::string>() + "`"), std::string::npos) << eye;
  }
}

}  // namespace
}  // namespace maskbench
