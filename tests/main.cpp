// The main() of every test executable: doctest's, and an account of what was skipped.
//
// Exit code: 0 when all passed, 77 (as ctest and automake know it) when nothing failed and every
// test case that ran skipped, otherwise what doctest says.
#define DOCTEST_CONFIG_IMPLEMENT
#include "skip.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>
#include <string>

namespace {

constexpr int exit_skipped = 77;

int cases_run = 0;
std::map<std::string, std::string> skipped;  // the name of a test case, and its reason

// Hears of each test case from doctest; counts them, for doctest does not tell afterwards.
struct case_counter : doctest::IReporter {
    explicit case_counter(const doctest::ContextOptions&) {}
    void test_case_start(const doctest::TestCaseData&) override { ++cases_run; }

    void report_query(const doctest::QueryData&) override {}
    void test_run_start() override {}
    void test_run_end(const doctest::TestRunStats&) override {}
    void test_case_reenter(const doctest::TestCaseData&) override {}
    void test_case_end(const doctest::CurrentTestCaseStats&) override {}
    void test_case_exception(const doctest::TestCaseException&) override {}
    void subcase_start(const doctest::SubcaseSignature&) override {}
    void subcase_end() override {}
    void log_assert(const doctest::AssertData&) override {}
    void log_message(const doctest::MessageData&) override {}
    void test_case_skipped(const doctest::TestCaseData&) override {}
};

DOCTEST_REGISTER_LISTENER("case_counter", 1, case_counter);

}  // namespace

void pelton_test::skip(std::string_view reason) {
    const auto* current = doctest::getContextOptions()->currentTest;
    skipped.try_emplace(current->m_name, reason);
    MESSAGE("SKIPPED: ", std::string(reason));
}

int main(int argc, char** argv) {
    doctest::Context context(argc, argv);
    const int code = context.run();
    if (context.shouldExit() || skipped.empty()) {
        return code;
    }
    fmt::print("{} of {} test cases skipped:\n", skipped.size(), cases_run);
    for (const auto& [name, reason] : skipped) {
        fmt::print("    {}: {}\n", name, reason);
    }
    const bool all = skipped.size() == static_cast<std::size_t>(cases_run);
    return code == 0 && all ? exit_skipped : code;
}
