"""Database triggers: they guard the machine's arrows, its history, and the time of change."""

import pgtrigger

from jobs.states import NEXT

_ARROWS = ", ".join(
    f"('{source}', '{target}')" for source in NEXT for target in sorted(NEXT[source])
)

GUARD_STATE = pgtrigger.Trigger(
    name="guard_state",
    when=pgtrigger.Before,
    operation=pgtrigger.UpdateOf("state"),
    condition=pgtrigger.Q(old__state__df=pgtrigger.F("new__state")),
    func=f"""
        IF (OLD.state, NEW.state) NOT IN ({_ARROWS}) THEN
            RAISE EXCEPTION 'job % cannot go from % to %', OLD.id, OLD.state, NEW.state
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    """,
)

RECORD_EVENT = pgtrigger.Trigger(
    name="record_event",
    when=pgtrigger.After,
    operation=pgtrigger.Insert | pgtrigger.UpdateOf("state"),
    func="""
        INSERT INTO jobs_event (job_id, at, source, target, fence, reason, actor_id)
        VALUES (NEW.id, clock_timestamp(), CASE WHEN TG_OP = 'UPDATE' THEN OLD.state ELSE '' END,
                NEW.state, NEW.fence, NEW.error_code, NEW.decided_by_id);
        RETURN NULL;
    """,
)

TOUCH = pgtrigger.Trigger(
    name="touch",
    when=pgtrigger.Before,
    operation=pgtrigger.UpdateOf(
        "state",
        "visibility",
        "thumbs_at",
        "preview_count",
        "error_code",
        "run_after",
        "cost_microusd",
    ),
    func="NEW.changed_at = clock_timestamp(); RETURN NEW;",
)

# No generated column: PostgreSQL makes those anew at every change of a row that has triggers before
# it, and each beat of the heart would fold the prompts of all jobs at work.
FOLD = pgtrigger.Trigger(
    name="fold",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.UpdateOf("prompt", "folded_prompt"),
    func="NEW.folded_prompt = studio_fold(NEW.prompt); RETURN NEW;",
)
