#include "score_histograms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

NamedHistograms Made() {
  ReportHistogram panel;
  panel.variant = "eye_bar";
  panel.group = "pairing=different_session";
  panel.recogniser = "dlib_resnet";
  panel.attacker = "mask_to_face";
  panel.gallery_variant = "original";
  panel.metric = "distance";
  panel.unit = "euclidean";
  panel.edges = {0, 0.02, 0.04};
  panel.series = {{"genuine", {{3, 0}, 1}, 2}, {"impostor", {{0, 7}, 0}, 0}};
  panel.marks = {{"EER threshold", 0.1 + 0.2}};
  return {{"who", {"different_session", "Title", "Explanation.", {panel}}}};
}

TEST(ScoreHistograms, TheTableHasEveryBin) {
  const std::string head =
      "who,clips,eye_bar,pairing=different_session,dlib_resnet,mask_to_face,original,distance,"
      "euclidean,";
  EXPECT_EQ(HistogramsCsv("clips", Made()),
            "experiment,dataset,variant,group,recogniser,attacker,gallery_variant,metric,unit,"
            "series,low,high,count\n" +
                head + "genuine,0,0.02,3\n" + head + "genuine,0.02,0.04,0\n" + head +
                "genuine,0.04,,1\n" + head + "genuine,,,2\n" + head + "impostor,0,0.02,0\n" + head +
                "impostor,0.02,0.04,7\n" + head + "impostor,0.04,,0\n" + head + "impostor,,,0\n");
}

TEST(ScoreHistograms, JsonGivesBackWhatItWasMadeOf) {
  const Json json = HistogramsJson(Made());
  EXPECT_EQ(json[0]["panels"][0]["edges"], (Json{0.0, 0.02, 0.04}));
  EXPECT_EQ(json[0]["panels"][0]["series"][0],
            (Json{{"name", "genuine"}, {"counts", {3, 0}}, {"above", 1}, {"failed", 2}}));
  const NamedHistograms back = HistogramsFromJson(Json::parse(json.dump()));
  EXPECT_EQ(HistogramsJson(back), json);
  EXPECT_EQ(HistogramsCsv("clips", back), HistogramsCsv("clips", Made()));
  EXPECT_EQ(back[0].second.panels[0].marks[0].at, 0.1 + 0.2);
}

TEST(ScoreHistograms, WhatDoesNotFitIsRefused) {
  Json json = HistogramsJson(Made());
  json[0]["panels"][0]["edges"] = {0, 0.02};
  EXPECT_THROW(HistogramsFromJson(json), DataError);
  json = HistogramsJson(Made());
  json[0].erase("title");
  EXPECT_THROW(HistogramsFromJson(json), DataError);
  EXPECT_TRUE(HistogramsFromJson(Json::array()).empty());
}

}  // namespace
}  // namespace maskbench
