// The whole copy: what is still to be done, and who does it.
//
//     entering --names--> batch, batch, ...          (errands, on threads)
//        |                  |      \--large--> copied in pieces by the ring
//        +----folders-------+-> entering ...
//     and when nothing in a folder is pending: finishing
//
// Thread: the shard's.
#pragma once

#include <pelton/examples/pelcp/errand.hpp>
#include <pelton/examples/pelcp/large_file.hpp>
#include <pelton/examples/pelcp/open_folders.hpp>
#include <pelton/examples/pelcp/reporter.hpp>
#include <pelton/runtime/shard/shard.hpp>
#include <pelton/runtime/task/scope.hpp>
#include <pelton/runtime/task/task.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace pelcp {

class walk {
public:
    // `threads`: how many run errands.
    walk(pelton::shard& here, workshop& shop, reporter& told, unsigned threads);
    walk(const walk&) = delete;
    walk& operator=(const walk&) = delete;
    ~walk();

    // Copies the operands into `directory`, a descriptor, or below where the program runs.
    // `prefix` is the directory's name in messages.
    pelton::task<> run(std::shared_ptr<const listing> operands, int directory, std::string prefix);

    // --sync: everything that was written is on the disk when it resumes.
    pelton::task<> sync();

    // What errands tell when they settle.
    void found(folder& in, const std::shared_ptr<const listing>& names, const findings& what);
    void share_out(folder& in, const std::shared_ptr<const listing>& names);
    void entered(folder& one, int source, int target);
    void keep_to_sync(std::uint64_t device, descriptor handle);
    void add_large(named one, std::optional<identity> claimed);
    void settled(const identity& which, bool copied);
    void ended(folder& in);       // one of its errands
    void completed(folder& one);  // all of it
    void discarded(folder& one);  // it could not be entered

private:
    struct large_request {
        named one;
        std::optional<identity> claimed;
    };

    void begin(folder& in) { ++in.pending; }
    void add(std::unique_ptr<errand> one) { errands_.push_back(std::move(one)); }
    void meet(const named& one, const identity& which, std::vector<linked_name>& to_copy);
    void start_more();
    pelton::task<> work();
    pelton::task<> work_large();
    bool hold(errand& one);
    void let_go(errand& one);
    folder* leave(folder& one);
    void forget(folder* one);

    pelton::shard& here_;
    workshop& shop_;
    reporter& told_;
    open_folders folders_;
    hard_links links_;
    folder root_;  // the command line
    std::vector<std::unique_ptr<errand>> errands_;
    std::deque<large_request> large_;
    std::map<std::uint64_t, descriptor> synced_;  // one descriptor for each target device
    const unsigned errands_at_once_;
    pelton::children* lanes_ = nullptr;
    unsigned working_ = 0;
    unsigned working_large_ = 0;
};

}  // namespace pelcp
