// A piece of the copy for one thread: run() makes the calls that block, settle() tells the walk
// what was found. Errands wait on a stack, the newest first, so that a tree is walked depth first
// and what is pending stays small.
#pragma once

#include <pelton/examples/pelcp/copying.hpp>
#include <pelton/examples/pelcp/descriptor.hpp>
#include <pelton/examples/pelcp/hard_links.hpp>
#include <pelton/examples/pelcp/workshop.hpp>

#include <memory>
#include <vector>

namespace pelcp {

class walk;

class errand {
public:
    errand(workshop& shop, folder& where) : work_(shop, where) {}
    errand(const errand&) = delete;
    errand& operator=(const errand&) = delete;
    virtual ~errand() = default;

    // On a thread. The folders of both needs are open meanwhile.
    virtual void run() = 0;
    // On the shard, also when run() was not because a folder could not be opened.
    virtual void settle(walk& of) = 0;

    folder& where() noexcept { return work_.in; }
    virtual folder* also_needed() noexcept { return nullptr; }
    // Whether its source is needed, too. That of a finished operand may be beyond reopening: its
    // path is the user's, which may be absolute or lead over links.
    virtual bool also_reads() const noexcept { return true; }
    tally& counts() noexcept { return work_.counts; }
    // What was to be copied, for the message that it cannot be.
    virtual std::string subject() const { return in_quotes(work_.in.source_path("")); }

protected:
    job work_;
};

// Copies some names of a folder.
class batch final : public errand {
public:
    batch(workshop& shop, folder& where, std::shared_ptr<const listing> names, std::size_t from,
          std::size_t end)
        : errand(shop, where), names_(std::move(names)), from_(from), end_(end) {}

    void run() override;
    void settle(walk& of) override;

private:
    std::shared_ptr<const listing> names_;
    std::size_t from_;
    std::size_t end_;
    findings found_;
};

// Copies first names of inodes that have several.
class claimed_batch final : public errand {
public:
    claimed_batch(workshop& shop, folder& where, std::shared_ptr<const listing> names,
                  std::vector<linked_name> which)
        : errand(shop, where), names_(std::move(names)), which_(std::move(which)) {}

    void run() override;
    void settle(walk& of) override;

private:
    std::shared_ptr<const listing> names_;
    std::vector<linked_name> which_;
    std::vector<char> copied_;
    std::vector<linked_name> large_;
};

// Makes links to a name that was copied.
class linking final : public errand {
public:
    linking(workshop& shop, const named& one, const named& first)
        : errand(shop, *one.in), one_(one), first_(first) {}

    void run() override;
    void settle(walk& of) override;
    folder* also_needed() noexcept override { return first_.in; }
    bool also_reads() const noexcept override { return false; }

private:
    named one_;
    named first_;
};

// Gives a folder its attributes once everything in it is done.
class finishing final : public errand {
public:
    finishing(workshop& shop, folder& subject) : errand(shop, *subject.parent), subject_(subject) {}

    void run() override;
    void settle(walk& of) override;
    folder* also_needed() noexcept override { return &subject_; }

private:
    folder& subject_;
};

// What is left to do for a folder at the end, and doing it.
bool needs_finish(const workshop& shop, const folder& one) noexcept;
void finish_folder(job& in_parent, const folder& one, int source, int target);

}  // namespace pelcp
