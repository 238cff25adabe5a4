#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/pipeline/reading_study.h"
#include "maskbench/pipeline/run_folder.h"
#include "maskbench/pipeline/store.h"

#include "commands.h"

namespace maskbench {

int ReadingListCommand(const Program& program, const ReadingListArguments& arguments) {
  const RunDescription run = ReadRunDescription(arguments.run, *program.components);
  Store store(StoreFile(arguments.run));
  const RunData data(run.config, run.dataset, run.plan, &store, arguments.run);
  int missing = 0;
  const ReadingStudy study = PlanReadingStudy(data, arguments.study, &missing);
  WriteReadingStudy(data, study, arguments.run, arguments.folder);
  fmt::print("{} videos for each of {} readers in {} sessions: {}\n",
             study.items.size() / static_cast<size_t>(study.readers), study.readers, study.sessions,
             arguments.folder.string());
  fmt::print(
      "What they are is in the run's folder, reading_studies/{}.json: keep it from readers.\n",
      study.name);
  if (missing > 0)
    fmt::print(stderr, "{} cases failed and have no video; nobody is asked of them.\n", missing);
  return missing > 0 ? kExitSomeFailed : kExitDone;
}

int ImportReadingsCommand(const Program& program, const ImportReadingsArguments& arguments) {
  ReadRunDescription(arguments.run, *program.components);  // That there is a run.
  const ReadingStudy study = ReadReadingStudy(arguments.run, arguments.name);
  const StudyAnswers answers = ReadAnswers(study, arguments.files);
  for (const std::string& gap : answers.gaps) fmt::print(stderr, "gap: {}\n", gap);
  const RunFolderLock lock(arguments.run);
  WriteImportedReadings(answers.readings, arguments.run);
  fmt::print(
      "{} answers of {} readers, {} not given, in place of all imported before. `maskbench score "
      "{}` makes figures of them.\n",
      answers.readings.readings.size(), answers.readings.readers, answers.readings.gaps,
      arguments.run.string());
  return answers.gaps.empty() ? kExitDone : kExitSomeFailed;
}

}  // namespace maskbench
