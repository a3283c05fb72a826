#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "node/cli/ledger/verify.h"
#include "tests/node/cli/ledger_log.h"
#include "tests/node/cli/test_files.h"

namespace idnode::cli {

inline constexpr std::uint64_t kFirst = 700;    // leaves of October: two bundles and a part
inline constexpr std::uint64_t kSecond = 1500;  // of November

inline std::vector<FaultKind> Kinds(const VerifyReport& report) {
  std::vector<FaultKind> kinds;
  for (const Fault& fault : report.faults) kinds.push_back(fault.kind);
  return kinds;
}

inline std::string Told(const VerifyReport& report) {
  std::string text;
  for (const Fault& fault : report.faults) {
    text += std::string(FaultName(fault.kind)) + ": " + fault.text.en + "\n";
    EXPECT_FALSE(fault.text.zh.empty());
    EXPECT_NE(fault.text.zh, fault.text.en);
  }
  return text;
}

inline std::vector<std::string> English(const std::vector<Phrase>& phrases) {
  std::vector<std::string> text;
  for (const Phrase& phrase : phrases) text.push_back(phrase.en);
  return text;
}
inline std::vector<std::string> Checked(const VerifyReport& report) {
  return English(report.checked);
}
inline std::vector<std::string> Unchecked(const VerifyReport& report) {
  return English(report.unchecked);
}

class LedgerVerifyTest : public testing::Test {
 protected:
  void Build() {
    log_.AddMonth(kOctober, kFirst);
    log_.Close(kOctober);
    log_.AddMonth(kNovember, kSecond);
    log_.Close(kNovember);
    log_.AddMonth(kDecember, 10);  // the month that runs
    log_.Write(Dir());
  }
  std::string Dir() const { return folder_.Path("log"); }
  VerifyOptions Options() const {
    VerifyOptions options;
    options.month = kNovember;
    options.keys = {log_.verifier()};
    options.temp_dir = folder_.Path("");
    return options;
  }
  VerifyReport Verify(const VerifyOptions& options) const {
    DirectorySource source(Dir());
    auto report = VerifyMonth(source, options, nullptr);
    EXPECT_TRUE(report.ok()) << report.error().detail;
    return report.ok() ? *std::move(report) : VerifyReport();
  }
  VerifyReport Verify() const { return Verify(Options()); }
  void Overwrite(const std::string& path, const std::string& bytes) const {
    folder_.Write("log/" + path, bytes);
  }

  TestFolder folder_;
  TestLog log_;
};

}  // namespace idnode::cli
