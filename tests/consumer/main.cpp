// A program outside Pelton's tree: it sees only what was installed.
#include <pelton/runtime/runtime.hpp>

pelton::task<int> count_pages(pelton::shard& here) {
    auto pages = co_await here.pages().take(3);
    co_return pages && !pages->areas().empty() ? 0 : 1;
}

int main() {
    return pelton::run([](pelton::shard& here) { return count_pages(here); });
}
