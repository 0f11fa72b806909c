// Opens a directory, makes its target and reads its names; copies them too when they are few, since
// going to another thread costs more than that.
#pragma once

#include <pelton/examples/pelcp/errand.hpp>

namespace pelcp {

class entering final : public errand {
public:
    entering(workshop& shop, folder& subject)
        : errand(shop, *subject.parent), subject_(subject), inside_(shop, subject) {}

    void run() override;
    void settle(walk& of) override;
    std::string subject() const override { return in_quotes(subject_.source_path("")); }

private:
    bool open_source();
    bool refuse_loop();
    bool refuse_into_itself(const folder& outer);
    bool make_target();
    bool open_target();
    void learn_newborns(const pelton::metadata& made);
    void list();

    entry itself() const noexcept {
        return {subject_.source_name.c_str(), subject_.target_name.c_str(),
                pelton::file_type::directory, subject_.operand, subject_.target_named};
    }

    folder& subject_;
    job inside_;
    descriptor source_;
    descriptor target_;
    descriptor to_sync_;
    std::shared_ptr<listing> names_;
    findings found_;
    bool entered_ = false;   // the target is there
    bool listed_ = false;    // and names_ are to be copied by batches
    bool finished_ = false;  // nothing is left to do
};

// Whether `directory` is, or lies below, the one that is `which`.
bool lies_within(pelton::calls_face& calls, int directory, const identity& which);

// A descriptor for syncfs(2), opened before anything is written: only errors since then are told.
descriptor open_to_sync(pelton::calls_face& calls, int at, const char* path);

}  // namespace pelcp
