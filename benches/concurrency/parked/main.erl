%% Many processes wait at once, for a message or for a moment that is far away.
-module(main).
-export([main/0]).

main() ->
    [Part, Amount, Rounds] = init:get_plain_arguments(),
    [run(Part, list_to_integer(Amount)) || _ <- lists:seq(1, list_to_integer(Rounds))],
    halt().

now_ns() -> erlang:monotonic_time(nanosecond).

run(Part, N) ->
    Before = resident(),
    Start = now_ns(),
    Limit = 12000 * N + 100000000, % none is over before all have arrived
    Me = self(),
    Pids = [spawn(fun() -> wait(Part, Me, Start + Limit) end) || _ <- lists:seq(1, N)],
    [receive arrived -> ok end || _ <- Pids],
    Parked = now_ns() - Start,
    Bytes = resident() - Before,
    Wake = case Part of
        "channel" -> W = now_ns(), [P ! go || P <- Pids], W;
        _ -> Start + Limit
    end,
    [receive done -> ok end || _ <- Pids],
    io:format("parked/~s ~w ~w ~w bytes=~w wake=~w~n", [Part, N, Parked, N, Bytes div N, (now_ns() - Wake) div N]).

wait("channel", Me, _) ->
    Me ! arrived,
    receive go -> Me ! done end;
wait(_, Me, End) ->
    Me ! arrived,
    receive after max(0, (End - now_ns()) div 1000000) -> Me ! done end.

resident() ->
    {ok, Text} = file:read_file("/proc/self/statm"),
    [_, Pages | _] = string:lexemes(Text, " "),
    binary_to_integer(Pages) * 4096.
