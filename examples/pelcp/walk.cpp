#include <pelton/examples/pelcp/entering.hpp>
#include <pelton/examples/pelcp/path_parts.hpp>
#include <pelton/examples/pelcp/walk.hpp>
#include <pelton/runtime/shard/offload.hpp>

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

namespace pelcp {
namespace {

// Names in one errand: enough to make the way to a thread cheap, few enough to share out evenly.
constexpr std::size_t batch_names = 32;

// Files in pieces at the same time: as many as the pages are enough for.
constexpr unsigned large_at_once = 2;

}  // namespace

// One errand more than threads: the next is there when a thread asks.
walk::walk(pelton::shard& here, workshop& shop, reporter& told, unsigned threads)
    : here_(here),
      shop_(shop),
      told_(told),
      folders_(shop.calls, shop.wanted),
      errands_at_once_(threads + 1) {
    root_.references = 1;
}

walk::~walk() {
    for (auto* const one : links_.folders()) {
        forget(one);
    }
}

pelton::task<> walk::run(std::shared_ptr<const listing> operands, int directory,
                         std::string prefix) {
    root_.source = AT_FDCWD;
    root_.target = directory;
    root_.target_name = std::move(prefix);
    if (const auto seen = pelton::read_metadata(shop_.calls, directory, ".", 0)) {
        root_.into = identity_of(*seen);
    }
    if (shop_.wanted.sync && operands->size() > 0) {
        const auto parent = directory == AT_FDCWD ? parent_part((*operands)[0].target_name) : ".";
        auto handle = open_to_sync(shop_.calls, directory, parent.c_str());
        if (const auto seen = handle ? pelton::read_metadata(shop_.calls, handle.number(), ".", 0)
                                     : pelton::failure(ENOENT)) {
            keep_to_sync(seen->device, std::move(handle));
        }
    }
    auto body = [&](pelton::children& lanes) -> pelton::task<> {
        lanes_ = &lanes;
        begin(root_);
        share_out(root_, operands);
        start_more();
        co_return;
    };
    co_await pelton::scope(body);
    lanes_ = nullptr;
}

pelton::task<> walk::sync() {
    tally done;
    for (auto& [device, handle] : synced_) {
        auto sync_one = [&] { return shop_.calls.syncfs(handle.number()); };
        if (const auto synced = co_await pelton::offload(here_, sync_one); !synced) {
            done.complain("error syncing the file system of the target", synced.error());
        }
    }
    told_.take(std::move(done));
}

// What errands tell
// ---------------------------------------------------------------------------------

void walk::share_out(folder& in, const std::shared_ptr<const listing>& names) {
    for (std::size_t from = 0; from < names->size(); from += batch_names) {
        begin(in);
        add(std::make_unique<batch>(shop_, in, names, from,
                                    std::min(from + batch_names, names->size())));
    }
}

void walk::found(folder& in, const std::shared_ptr<const listing>& names, const findings& what) {
    for (const auto index : what.folders) {
        const auto one = (*names)[index];
        auto child = std::make_unique<folder>();
        child->parent = &in;
        child->source_name = one.source_name;
        child->target_name = one.target_name;
        child->operand = one.operand;
        child->target_named = one.target_named;
        child->top = one.operand ? child.get() : in.top;
        child->references = 1;
        child->pending = 1;  // until it is entered
        ++in.references;
        begin(in);
        add(std::make_unique<entering>(shop_, *child.release()));
    }
    for (const auto index : what.large) {
        begin(in);
        add_large({&in, names, index}, std::nullopt);
    }
    std::vector<linked_name> to_copy;
    for (const auto& one : what.linked) {
        begin(in);
        meet({&in, names, one.index}, one.which, to_copy);
    }
    if (!to_copy.empty()) {
        add(std::make_unique<claimed_batch>(shop_, in, names, std::move(to_copy)));
    }
}

// A name of an inode with several: it is pending in its folder already.
void walk::meet(const named& one, const identity& which, std::vector<linked_name>& to_copy) {
    switch (links_.met(which, one)) {
        case hard_links::answer::copy:
            ++one.in->references;  // the table keeps the name
            to_copy.push_back({one.index, which});
            break;
        case hard_links::answer::link:
            add(std::make_unique<linking>(shop_, one, links_.first(which)));
            break;
        case hard_links::answer::wait:
            break;
    }
}

void walk::settled(const identity& which, bool copied) {
    auto* const first = links_.first(which).in;
    for (const auto& one : links_.settled(which, copied)) {
        std::vector<linked_name> to_copy;
        meet(one, which, to_copy);
        if (!to_copy.empty()) {
            add(std::make_unique<claimed_batch>(shop_, *one.in, one.names, std::move(to_copy)));
        }
    }
    if (!copied) {
        forget(first);
    }
}

void walk::add_large(named one, std::optional<identity> claimed) {
    large_.push_back({std::move(one), claimed});
}

void walk::entered(folder& one, int source, int target) {
    folders_.opened(one, source, target);
}

void walk::keep_to_sync(std::uint64_t device, descriptor handle) {
    if (handle) {
        synced_.try_emplace(device, std::move(handle));
    }
}

void walk::ended(folder& in) {
    for (auto* at = &in; at != nullptr && --at->pending == 0 && at->parent != nullptr;) {
        if (needs_finish(shop_, *at)) {
            add(std::make_unique<finishing>(shop_, *at));
            return;
        }
        at = leave(*at);
    }
}

void walk::completed(folder& one) {
    ended(*leave(one));
}

void walk::discarded(folder& one) {
    auto* const parent = one.parent;
    ++parent->references;
    forget(&one);
    ended(*parent);
    forget(parent);
}

// Everything in it is done. Its parent, in which it no longer is pending, is the next to look at.
folder* walk::leave(folder& one) {
    tally done;
    done.directories = 1;
    told_.take(std::move(done));
    folders_.close(one);
    auto* const parent = one.parent;
    forget(&one);
    return parent;
}

void walk::forget(folder* one) {
    while (one != nullptr && --one->references == 0) {
        auto* const parent = one->parent;
        folders_.close(*one);
        delete one;
        one = parent;
    }
}

// Who does it
// ---------------------------------------------------------------------------------------

void walk::start_more() {
    for (; working_ < errands_at_once_ && working_ < errands_.size(); ++working_) {
        lanes_->spawn([this] { return work(); }, "errands");
    }
    for (; working_large_ < large_at_once && working_large_ < large_.size(); ++working_large_) {
        lanes_->spawn([this] { return work_large(); }, "large files");
    }
}

bool walk::hold(errand& one) {
    auto held = folders_.hold(one.where());
    auto* const other = one.also_needed();
    if (held && other != nullptr) {
        held = folders_.hold(*other, one.also_reads());
        if (!held) {
            folders_.let_go(one.where());
        }
    }
    if (!held) {
        one.counts().complain("cannot access " + one.subject(), held.error());
    }
    return held.has_value();
}

void walk::let_go(errand& one) {
    folders_.let_go(one.where());
    if (auto* const other = one.also_needed(); other != nullptr) {
        folders_.let_go(*other);
    }
}

pelton::task<> walk::work() {
    while (!errands_.empty()) {
        const auto one = std::move(errands_.back());
        errands_.pop_back();
        if (hold(*one)) {
            auto run = [&] { one->run(); };
            co_await pelton::offload(here_, run);
            let_go(*one);
        }
        one->settle(*this);
        told_.take(std::move(one->counts()));
        start_more();
    }
    --working_;
}

pelton::task<> walk::work_large() {
    while (!large_.empty()) {
        const auto next = std::move(large_.front());
        large_.pop_front();
        auto& in = *next.one.in;
        job on(shop_, in);
        bool copied = false;
        if (const auto held = folders_.hold(in); held) {
            copied = co_await copy_large(here_, on, next.one.name());
            folders_.let_go(in);
        } else {
            on.counts.complain("cannot access " + on.source(next.one.name()), held.error());
        }
        if (next.claimed) {
            settled(*next.claimed, copied);
        }
        ended(in);
        told_.take(std::move(on.counts));
        start_more();
    }
    --working_large_;
}

}  // namespace pelcp
