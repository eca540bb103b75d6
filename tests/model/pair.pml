/*
 * The failover protocol of Bellpair, for one job over two regions and one ledger.
 *
 * docs/failover-model.md says which step is which function, what is left out, and why one job
 * is enough. Each BREAK_… macro takes one rule of the protocol away. test_model.py chooses the
 * faults (the macros at the end of this file), and checks that the sound protocol has no
 * violation in any of its runs and that each broken one has.
 */

#define EAST 0
#define WEST 1

/* Who reads and writes the job's record, by number. Two workers in the active region: a stage may
   be repeated while its first invocation, thought dead, goes on. */
#define CONTROL_EAST 0
#define CONTROL_WEST 1
#define WORKER_EAST 2
#define WORKER_WEST 3
#define RETRY_EAST 4
#define ACTORS 5

#define EPOCHS 6      /* more than the promotions that there can be */
#define GENERATIONS 5 /* more than the mishaps allow; 0 is none */

#ifndef MISHAPS
#define MISHAPS 1     /* refusals by an offline device, and tasks that fail */
#endif
#ifndef LOSSES
#define LOSSES 0      /* invocations that die or give up, alone or with their execution */
#endif

mtype = { absent, queued, compiling, executing, processing, succeeded, failed };
mtype = { east, west };
mtype = { none, running, completed, broken };

/* The ledger is linearizable: each access to it is one atomic step. */
typedef Record {
    mtype status;
    byte epoch;
    byte region;
    byte generation
};
Record job;
byte pair_epoch = 1;
byte pair_active = EAST;

/* All that a version tells is whether the record changed since somebody read it. One bit for each
   reader, which every write clears, tells the same and keeps the state space finite. */
byte current;

/* What each region has beside the ledger. */
bool up[2] = true;
bool cut[2];             /* it cannot reach the ledger */
byte execution[2];       /* epoch of the execution that drives the job here; 0 is none */

/* The device service: tasks by client token, which is one for each generation. */
mtype task[GENERATIONS] = none;
byte asking[ACTORS];     /* generation of the request that an invocation is about to make */
bool late[GENERATIONS];  /* a request on its way to which nobody listens any more */

byte mishaps = MISHAPS;
byte losses = LOSSES;

/* Ghosts, for the properties only. */
bool acknowledged;
byte writer[EPOCHS];     /* who has written the record at an epoch: region + 1; 0 is nobody */

#define is_terminal(s) (s == succeeded || s == failed)
#define is_open (job.status != absent && !is_terminal(job.status))
#define is_over(g) (task[g] == completed || task[g] == broken)
#define is_spent(g) (task[g] == running || task[g] == completed)
#define name(r) (r == EAST -> east : west)
#define reachable (up[me] && !cut[me])

/* The condition of every write: epoch and version are those of the record that was read. Since no
   write leaves the version as it is, an unchanged version says both. */
#ifdef BREAK_VERSION_CONDITION
#define may_write (job.epoch == epoch)
#else
#define may_write (current & (1 << self))
#endif

inline see() { current = current | (1 << self) }
inline forget() { current = current & ~(1 << self) }

/* One write of the record, and what must hold at each. */
inline store(e, s, g)
{
    assert(!is_terminal(job.status));              /* a terminal record never changes */
    assert(e >= job.epoch && e <= pair_epoch);     /* epochs only grow */
    assert(!writer[e] || writer[e] == me + 1);     /* one region acts at an epoch */
    assert(s != succeeded || task[g] == completed);
    assert(s != failed || task[g] == broken);      /* no job is given up with its task alive */
    writer[e] = me + 1;
    job.status = s;
    job.epoch = e;
    job.region = me;
    job.generation = g;
    current = 1 << self;
    printf("%e writes: epoch %d, %e, generation %d\n", name(me), e, s, g)
}

/* The device service makes a task for a token that it does not know: never beside a live one of
   the same job, nor after a paid one. */
inline make_task(g)
{
    assert(!is_spent(1) && !is_spent(2) && !is_spent(3) && !is_spent(4));
    task[g] = running;
    printf("device: makes task %d\n", g)
}

/* POST /v1/jobs. The client may ask both regions, with one idempotency key. */
proctype api(byte me)
{
    byte known;
    {
        atomic {
            reachable ->
            if
            :: pair_active == me -> known = pair_epoch
            :: else -> goto done                   /* region-passive */
            fi;
#ifdef BREAK_ACKNOWLEDGE_FIRST
            acknowledged = true;
            printf("%e acknowledges\n", name(me))
#endif
        }
        atomic {
            reachable ->
            if
            :: job.status == absent ->
                assert(!writer[known] || writer[known] == me + 1);
                writer[known] = me + 1;
                job.status = queued;
                job.epoch = known;
                job.region = me;
                current = 0;
                printf("%e accepts the job at epoch %d\n", name(me), known)
            :: else                                /* the same key, hence the same job */
            fi;
            acknowledged = true;
            printf("%e acknowledges\n", name(me));
            known = 0
        }
    } unless { !up[me] };
done:
    known = 0
}

/* Dispatcher, adoption and sweeper: they read pair and job, write once on condition, then start
   the execution. */
#ifdef BREAK_SWEEPER
#define wants_attention (job.status == queued)
#else
#define wants_attention \
    (job.status == queued || job.epoch < pair_epoch || execution[me] != job.epoch)
#endif

proctype control(byte self; byte me)
{
    byte known, epoch, generation;
    mtype status;
again:
    {
        do
        :: atomic {
                reachable && pair_active == me && is_open && wants_attention ->
                see();
                known = pair_epoch;
                epoch = job.epoch;
                status = job.status;
                generation = job.generation
            }
            atomic {
                reachable ->
                if
#ifdef BREAK_ADOPTION_CONDITION
                :: true ->
#else
                :: may_write ->
#endif
                    if
                    :: status == queued -> store(known, compiling, generation)
                    :: status == queued && epoch < known -> store(known, queued, generation)
#ifdef BREAK_ADOPTION_EPOCH
                    :: status != queued -> store(epoch, status, generation)
#else
                    :: status != queued -> store(known, status, generation)
#endif
                    fi
                :: else -> known = 0
                fi;
                forget();
                epoch = 0;
                generation = 0;
                if
                :: known == 0 || job.status == queued -> known = 0; status = absent; goto looked
                :: else -> status = absent
                fi
            }
            atomic { execution[me] = known; known = 0 }
looked:
        od
    } unless { !up[me] };
    atomic {
        forget();
        known = 0;
        epoch = 0;
        generation = 0;
        status = absent;
        up[me] -> goto again
    }
}

/* The stages of an execution. */
#ifdef BREAK_EPOCH_CONDITION
#define owned_at(e) (is_open && job.status != queued)
#else
#define owned_at(e) (is_open && job.status != queued && job.region == me && job.epoch == e)
#endif

inline rest()
{
    forget();
    epoch = 0;
    generation = 0;
    fresh = false;
    asking[self] = 0
}

/* The invocation dies, or gives up waiting for an answer: what it asked the device may still be on
   its way. The execution repeats the stage, or is gone as well. */
inline lose()
{
    losses--;
    printf("an invocation in %e is lost\n", name(me));
    if
    :: asking[self] -> late[asking[self]] = true
    :: true
    fi;
    if
    :: execution[me] = 0
    :: true
    fi
}

proctype worker(byte self; byte me)
{
    byte epoch, generation;
    bool fresh;              /* this very invocation wrote the intent */
again:
    {
        true;
begin:
        atomic {
            rest();
            reachable && execution[me] ->
            if
            :: owned_at(execution[me]) ->
                see();
                epoch = job.epoch;
                generation = job.generation;
                if
                :: job.status == compiling -> goto intend
                :: job.status == executing -> goto attach
                :: job.status == processing -> goto finish
                fi
            :: else -> execution[me] = 0; goto begin             /* Fenced ends the execution */
            fi
        }
intend:
#ifdef BREAK_INTENT_AFTER_CREATE
        atomic { generation++; fresh = true; asking[self] = generation; goto create }
#else
        atomic {
            reachable ->
            if
            :: may_write ->
                generation++;
                store(epoch, executing, generation);
                fresh = true;
                asking[self] = generation;
                goto create
            :: else -> goto begin
            fi
        }
#endif
attach:
        /* Who repeats a launch writes first, so that no withdrawal succeeds behind its back. */
        atomic {
            reachable ->
#ifndef BREAK_RELAUNCH_WRITE
            if
            :: may_write ->
#ifdef BREAK_REATTACH
                generation++;
#endif
                store(epoch, executing, generation)
            :: else -> goto begin
            fi;
#endif
            asking[self] = generation
        }
create:
        /* Request and answer are one step: to wait before it is a slow request, after it a slow
           answer. */
        atomic {
            if
            :: task[generation] == none -> make_task(generation); goto launched
            :: task[generation] == none && mishaps ->
                mishaps--;
                printf("device: refuses %e a task %d\n", name(me), generation);
                asking[self] = 0;
                if
                :: fresh -> goto withdraw
                :: else -> goto begin                            /* TransientFault: waited for */
                fi
            :: task[generation] != none -> goto launched         /* a token that it knows */
#ifdef BREAK_SILENCE_IS_REFUSAL
            :: losses && fresh -> lose(); goto withdraw
#endif
            :: losses -> lose(); goto begin
            fi
        }
launched:
        atomic {
            asking[self] = 0;
#ifdef BREAK_INTENT_AFTER_CREATE
            if
            :: fresh && reachable && may_write -> store(epoch, executing, generation)
            :: fresh && reachable && !may_write -> goto begin
            :: !fresh
            fi;
#endif
            fresh = false
        }
#ifdef BREAK_POLLING
        task[generation] == running;       /* if not, its only event was before */
#endif
learned:
        /* Told by an event, or by asking the device. Events come twice, late or never, so they
           say no more than that it is worth looking. */
        atomic {
            if
            :: is_over(generation) && reachable ->
                if
                :: may_write && task[generation] == completed ->
                    store(epoch, processing, generation)
                :: may_write && task[generation] == broken ->
                    store(epoch, compiling, generation);
                    goto intend
                :: may_write && task[generation] == broken ->
                    store(epoch, failed, generation);
                    goto ended
                :: !may_write ->
                    /* amend_job: read again, and make the same change to that */
                    if
                    :: owned_at(epoch) && job.status == executing && job.generation == generation ->
                        see();
                        epoch = job.epoch;
                        goto learned
                    :: else -> goto begin
                    fi
                fi
#ifdef BREAK_EVENT_GENERATION
            :: generation > 1 && task[1] == broken && reachable && may_write ->
                store(epoch, failed, generation);
                goto ended
#endif
            :: losses -> lose(); goto begin
            fi
        }
finish:
        atomic {
            reachable ->
            if
#ifdef BREAK_TERMINAL_CONDITION
            :: true ->
#else
            :: may_write ->
#endif
                store(epoch, succeeded, generation)
            :: else -> goto begin
            fi
        }
ended:
        atomic { execution[me] = 0; goto begin }
withdraw:
        /* The device refused the one request of a fresh intent. While the record is as this
           invocation wrote it nobody else can have asked, so there is no such task, ever. */
        atomic {
            reachable ->
            if
#ifdef BREAK_WITHDRAWAL_CONDITION
            :: job.epoch == epoch && is_open ->
#else
            :: may_write ->
#endif
                store(epoch, compiling, generation);
                fresh = false;
                goto intend
            :: else -> goto begin
            fi
        }
    } unless { !up[me] };
    atomic {
        if
        :: asking[self] -> late[asking[self]] = true
        :: true
        fi;
        rest();
        up[me] -> goto again
    }
}

/* The device service, apart from the requests that somebody waits for. */
proctype service()
{
    byte n;
    do
    :: atomic {
            if
            :: late[1] -> n = 1
            :: late[2] -> n = 2
            fi;
            late[n] = false;
            printf("device: a late request for task %d\n", n);
            if
            :: task[n] == none -> make_task(n)
            :: true                                /* known, or lost on its way */
            fi;
            n = 0
        }
    :: atomic {
            if
            :: task[1] == running -> n = 1
            :: task[2] == running -> n = 2
            fi;
            if
            :: task[n] = completed
            :: mishaps -> mishaps--; task[n] = broken
            fi;
            printf("device: task %d is %e\n", n, task[n]);
            n = 0
        }
    od
}

/* Promotion: read the pair, then one conditional write. */
inline promote()
{
    atomic {
        reachable ->
        if
#ifdef BREAK_PROMOTION_CONDITION
        :: true ->
#else
        :: pair_epoch == known ->
#endif
#ifndef BREAK_PROMOTION_EPOCH
            assert(known + 1 > pair_epoch);        /* epochs only grow */
            pair_epoch = known + 1;
#endif
            pair_active = me;
            printf("%e is promoted, epoch %d\n", name(me), pair_epoch)
        :: else
        fi;
        known = 0
    }
}

/* Promotes its region when the other one is dead. */
proctype sentinel(byte me)
{
    byte known;
again:
    {
        do
        :: atomic { reachable && pair_active != me && !up[pair_active] -> known = pair_epoch }
            promote()
        od
    } unless { !up[me] };
    atomic { known = 0; up[me] -> goto again }
}

/* Promotes a region at any moment, or never: an operator, or a sentinel that is mistaken. */
proctype operator(byte me)
{
    byte known;
    {
        if
        :: atomic { reachable && pair_active != me -> known = pair_epoch }
            promote()
        :: true
        fi
    } unless { !up[me] };
    known = 0
}

/* A region dies at any moment, or never. One that is merely frozen needs no process: everything
   here may stop for as long as it likes, and then go on with what it knew. */
proctype death(byte victim)
{
    if
    :: atomic { up[victim] = false; execution[victim] = 0; printf("%e dies\n", name(victim)) }
#ifdef REVIVAL
        /* It comes back empty, as after a disaster. */
        if
        :: atomic { up[victim] = true; printf("%e comes back\n", name(victim)) }
        :: true
        fi
#endif
    :: true
    fi
}

/* A region is cut from the ledger for a while, or never. */
proctype partition(byte victim)
{
    if
    :: atomic { cut[victim] = true; printf("%e is cut from the ledger\n", name(victim)) }
        atomic { cut[victim] = false; printf("%e reaches the ledger again\n", name(victim)) }
    :: true
    fi
}

/* When nothing can move any more, what was promised must have been kept. */
proctype judge()
{
    timeout -> assert(!acknowledged || is_terminal(job.status))
}

init
{
    atomic {
        job.status = absent;
        run judge();
        run api(EAST);
        run api(WEST);
        run control(CONTROL_EAST, EAST);
        run control(CONTROL_WEST, WEST);
        run worker(WORKER_EAST, EAST);
        run worker(WORKER_WEST, WEST);
        run service();
#ifdef RETRY
        run worker(RETRY_EAST, EAST);
#endif
#ifdef PROMOTION
        run operator(WEST);
#endif
#ifdef RETURN
        run operator(EAST);
#endif
#ifdef DEATH
        run death(DEATH);
        run sentinel(EAST);
        run sentinel(WEST);
#endif
#ifdef PARTITION
        run partition(PARTITION);
#endif
    }
}
