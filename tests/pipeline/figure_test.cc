#include "maskbench/pipeline/figure.h"

#include <cmath>

#include <gtest/gtest.h>

namespace maskbench {
namespace {

TEST(Figures, TheColumnsAreTheContract) {
  EXPECT_EQ(FiguresCsv({}),
            "experiment,dataset,variant,parameter,condition,group,reader,recogniser,attacker,"
            "gallery_variant,metric,value,low,high,n,n_unit,n_failed,unit\n");
}

TEST(Figures, MissingNumbersAreEmptyCellsAndNull) {
  Figure figure;
  figure.experiment = "e";
  figure.group = GroupText({{"b", "2"}, {"a", "x,y"}});
  figure.metric = "rank_1";
  figure.value = 0.25;
  figure.n = 4;
  figure.n_unit = "subject";
  figure.unit = "share";
  EXPECT_EQ(FiguresCsv({figure}).substr(FiguresCsv({}).size()),
            "e,,,,,\"a=x,y;b=2\",,,,,rank_1,0.25,,,4,subject,0,share\n");
  const Json json = FiguresJson({figure});
  EXPECT_TRUE(json[0]["low"].is_null());
  const Figure back = FiguresFromJson(json)[0];
  EXPECT_EQ(back.value, 0.25);
  EXPECT_TRUE(std::isnan(back.interval.low));
  EXPECT_EQ(FigureCells(back), FigureCells(figure));
}

}  // namespace
}  // namespace maskbench
