#include "html_files.h"

#include "maskbench/core/embed.h"

// A file of framework/report/html; MASKBENCH_REPORT_HTML_DIR comes from the build.
#define MASKBENCH_PAGE_FILE(name, file) \
  MASKBENCH_EMBED_FILE(maskbench_page_##name, MASKBENCH_REPORT_HTML_DIR "/" file)

MASKBENCH_PAGE_FILE(page, "report.html");
MASKBENCH_PAGE_FILE(viewer_page, "viewer.html");
MASKBENCH_PAGE_FILE(style, "report.css");
MASKBENCH_PAGE_FILE(script, "report.js");
MASKBENCH_PAGE_FILE(tables, "tables.js");
MASKBENCH_PAGE_FILE(chart_front, "charts/front.js");
MASKBENCH_PAGE_FILE(chart_kappa, "charts/kappa.js");
MASKBENCH_PAGE_FILE(chart_confusion, "charts/confusion.js");
MASKBENCH_PAGE_FILE(chart_agreement, "charts/agreement.js");
MASKBENCH_PAGE_FILE(chart_traces, "charts/traces.js");
MASKBENCH_PAGE_FILE(chart_attackers, "charts/attackers.js");
MASKBENCH_PAGE_FILE(chart_cmc, "charts/cmc.js");
MASKBENCH_PAGE_FILE(score_choice, "charts/score_choice.js");
MASKBENCH_PAGE_FILE(chart_roc, "charts/roc.js");
MASKBENCH_PAGE_FILE(chart_scores, "charts/scores.js");
MASKBENCH_PAGE_FILE(chart_linkability, "charts/linkability.js");
MASKBENCH_PAGE_FILE(chart_stages, "charts/stages.js");
MASKBENCH_PAGE_FILE(frame, "frame.js");
MASKBENCH_PAGE_FILE(start, "start.js");
MASKBENCH_PAGE_FILE(viewer, "viewer.js");

#define MASKBENCH_PAGE_TEXT(name)    \
  std::string_view(                  \
      maskbench_page_##name##_begin, \
      static_cast<size_t>(maskbench_page_##name##_end - maskbench_page_##name##_begin))

namespace maskbench {

std::string_view ReportPage() { return MASKBENCH_PAGE_TEXT(page); }
std::string_view ViewerPage() { return MASKBENCH_PAGE_TEXT(viewer_page); }
std::string_view ReportStyle() { return MASKBENCH_PAGE_TEXT(style); }

const std::vector<std::string_view>& ReportScripts() {
  static const std::vector<std::string_view> scripts = {MASKBENCH_PAGE_TEXT(script),
                                                        MASKBENCH_PAGE_TEXT(tables),
                                                        MASKBENCH_PAGE_TEXT(chart_front),
                                                        MASKBENCH_PAGE_TEXT(chart_kappa),
                                                        MASKBENCH_PAGE_TEXT(chart_confusion),
                                                        MASKBENCH_PAGE_TEXT(chart_agreement),
                                                        MASKBENCH_PAGE_TEXT(chart_traces),
                                                        MASKBENCH_PAGE_TEXT(chart_attackers),
                                                        MASKBENCH_PAGE_TEXT(chart_cmc),
                                                        MASKBENCH_PAGE_TEXT(score_choice),
                                                        MASKBENCH_PAGE_TEXT(chart_roc),
                                                        MASKBENCH_PAGE_TEXT(chart_scores),
                                                        MASKBENCH_PAGE_TEXT(chart_linkability),
                                                        MASKBENCH_PAGE_TEXT(chart_stages),
                                                        MASKBENCH_PAGE_TEXT(frame),
                                                        MASKBENCH_PAGE_TEXT(start)};
  return scripts;
}

const std::vector<std::string_view>& ViewerScripts() {
  static const std::vector<std::string_view> scripts = {
      MASKBENCH_PAGE_TEXT(script), MASKBENCH_PAGE_TEXT(chart_traces), MASKBENCH_PAGE_TEXT(frame),
      MASKBENCH_PAGE_TEXT(viewer)};
  return scripts;
}

}  // namespace maskbench
