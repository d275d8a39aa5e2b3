//! An application's own requests, replayed as another account.

use uuid::Uuid;

use super::{
    request::{Answer, Request},
    rows::{TwoAccounts, grow},
    values::{Place, Rows, Values, found, text_of_answer, text_of_request, without},
};
use crate::{AccountId, PurchaseCode};

/// Replays an application's requests, which account A can make, as account B, and panics when B reaches any row of A.
///
/// `service` sends a request for an account: it adds what tells the application who asks, such as a token. With
/// `ask_axum` and `ask_actix` it needs no socket.
///
/// For each request, in the order given:
///
/// 1. B makes it. Before A does: what A does may leave nothing to reach, as a payment that is canceled can't be canceled
///    again.
/// 2. B makes it with ids that nobody has in place of A's ids, and gets the same answer but for the ids. So there is no
///    telling whether A has such a row.
/// 3. B, if it was refused, makes it with the ids and texts of its own rows in place of A's, and succeeds. So it is A's rows
///    that B is refused, not everything.
/// 4. A makes it, and succeeds: the answer shows one of A's rows, or A's rows have changed; for a request that only reads it
///    is enough that the answer depends on A's rows, or on who asks.
/// 5. B makes it again: nothing that A's answer left behind, such as a cached page, is shown. To a request that only reads
///    (`GET`, `HEAD`) B gets the answer of before, though A got more rows in every table meanwhile: no count or sum has
///    A's rows in it.
///
/// No answer to B may show an id or a text of A's rows that isn't in the request and that B hasn't, and none of B's requests
/// may change A's rows. What varies by itself, such as a request's number in a header, `service` has to take out of the
/// answer. A request that is meant to reach another account, such as accepting an invitation, doesn't belong here, nor one
/// that is no account's, such as `/health`.
///
/// # Panics
/// When B reaches a row of A, with the request, the table and the column. When the requests prove nothing: there are none,
/// A itself is refused, A's rows play no part in the answer, B isn't let in, or can't do the same with its own rows.
pub async fn assert_isolated(
    accounts: &TwoAccounts,
    service: impl AsyncFn(Request, AccountId) -> Answer,
    requests: impl IntoIterator<Item = Request>,
) {
    let replayed = replay(accounts, service, requests).await;
    #[expect(clippy::panic, reason = "an assertion of the application's tests")]
    if let Err(failure) = replayed {
        panic!("{failure}");
    }
}

/// What is wrong, in words.
type Outcome<T = ()> = Result<T, String>;

async fn replay(
    accounts: &TwoAccounts,
    service: impl AsyncFn(Request, AccountId) -> Answer,
    requests: impl IntoIterator<Item = Request>,
) -> Outcome {
    let of_a = rows(accounts, accounts.a.id).await?;
    let of_b = rows(accounts, accounts.b.id).await?;
    let values_of_b = of_b.values();
    let mut replay = Replay {
        accounts,
        service,
        known: without(of_a.values(), &values_of_b),
        of_a,
        of_b,
        values_of_b,
        said: String::new(),
    };
    let mut any = false;
    for request in requests {
        let one = replay.one(&request).await;
        one.map_err(|failure| format!("{request}: {failure}"))?;
        any = true;
    }
    if any {
        replay.b_has_no_ids_of_a().await
    } else {
        Err("there are no requests, and so nothing is proved".to_owned())
    }
}

async fn rows(accounts: &TwoAccounts, of: AccountId) -> Outcome<Rows> {
    let rows = Rows::of(&accounts.system, of).await;
    rows.map_err(|error| format!("the rows of the account {of} can't be read: {error}"))
}

struct Replay<'r, S> {
    accounts: &'r TwoAccounts,
    service: S,
    /// A's rows, as they are to be found.
    of_a: Rows,
    /// The values that were in them so far and that B hadn't at first.
    known: Values,
    /// B's rows, as they were at first.
    of_b: Rows,
    values_of_b: Values,
    /// What the requests so far have said.
    said: String,
}

/// A value of A's that a request has, and what stands in its place when others ask.
struct Named {
    value: String,
    place: Place,
    of_b: Option<String>,
    of_nobody: Option<String>,
}

impl<S: AsyncFn(Request, AccountId) -> Answer> Replay<'_, S> {
    async fn one(&mut self, request: &Request) -> Outcome {
        self.said.push_str(&text_of_request(request));
        let named = self.named(request);
        let foreign = self.ask_b(request).await?;
        self.is_as_of_nobody(request, &named, &foreign).await?;
        // What B isn't refused it can do.
        let of_b = match foreign.is_success() {
            true => request.clone(),
            false => of_b(request, &named)?,
        };
        let own = match of_b == *request {
            true => foreign.clone(),
            false => self.ask_b(&of_b).await?,
        };
        self.a_is_as_before().await?;
        let by_a = self.ask(request, self.accounts.a.id).await;
        if !by_a.is_success() {
            return nothing(&format!("A itself is refused: {by_a}"));
        }
        if !own.is_success() {
            return nothing(&format!(
                "B is refused for rows of its own too; make for B what was made for A\n  {of_b}: {own}"
            ));
        }
        self.concerns_a(request, &by_a, &foreign).await?;
        self.is_answered_again(request, &foreign).await?;
        if request.is_reading() && of_b != *request {
            self.is_answered_again(&of_b, &own).await?;
        }
        self.a_is_as_before().await
    }

    /// What a request has of A's alone, the longest first: what is a part of it is replaced later.
    fn named(&self, request: &Request) -> Vec<Named> {
        let named = found(&self.known, &text_of_request(request)).into_iter();
        let named = named.map(|(value, place)| Named {
            of_b: self.of_b.at(&place),
            of_nobody: of_nobody(&value),
            value,
            place,
        });
        let mut named: Vec<Named> = named.collect();
        named.sort_by_key(|named| std::cmp::Reverse(named.value.len()));
        named
    }

    async fn ask(&self, request: &Request, account: AccountId) -> Answer {
        (self.service)(request.clone(), account).await
    }

    /// Asks as B, who is shown nothing of A.
    async fn ask_b(&self, request: &Request) -> Outcome<Answer> {
        let answer = self.ask(request, self.accounts.b.id).await;
        if answer.status == 401 {
            return nothing(&format!("B isn't let in: {answer}"));
        }
        let mut names = answer.headers.iter().map(|(name, _)| name);
        if names.any(|name| name.eq_ignore_ascii_case("content-encoding")) {
            return nothing("the answer is compressed: ask without `accept-encoding`");
        }
        let shown = self.shown(request, &answer);
        if shown.is_empty() {
            return Ok(answer);
        }
        // B may have got the same text meanwhile, but not the same id.
        let of_b = rows(self.accounts, self.accounts.b.id).await?.values();
        let is_of_b = |value: &String| Uuid::parse_str(value).is_err() && of_b.contains_key(value);
        match shown.iter().find(|(value, _)| !is_of_b(value)) {
            None => Ok(answer),
            Some((value, place)) => Err(format!(
                "B is shown {place} of A, {value:?}\n  B was answered {answer}"
            )),
        }
    }

    /// Values of A's alone that an answer shows, and that the request didn't say.
    fn shown(&self, request: &Request, answer: &Answer) -> Values {
        let shown = found(&self.known, &text_of_answer(answer));
        let said = found(&shown, &text_of_request(request));
        without(shown, &said)
    }

    async fn a_is_as_before(&self) -> Outcome {
        let now = rows(self.accounts, self.accounts.a.id).await?;
        match self.of_a.changes(&now) {
            None => Ok(()),
            Some(changes) => Err(format!("B has changed A's rows: {changes}")),
        }
    }

    /// B can't tell A's rows from rows that nobody has.
    async fn is_as_of_nobody(
        &self,
        request: &Request,
        named: &[Named],
        foreign: &Answer,
    ) -> Outcome {
        let Some(id) = named.iter().find(|named| named.of_nobody.is_some()) else {
            return Ok(());
        };
        let instead = |value: &Named| value.of_nobody.clone();
        let masked = |answer: &Answer, named: &[Named], of: fn(&Named) -> Option<String>| {
            let values = named.iter().filter_map(of);
            values.fold(comparable(answer), |answer, value| {
                answer.replace(&value, "…")
            })
        };
        let absent = self.ask_b(&with(request, named, instead)).await?;
        let of_nobody = masked(&absent, named, |named| named.of_nobody.clone());
        if masked(foreign, named, |named| {
            named.of_nobody.is_some().then(|| named.value.clone())
        }) == of_nobody
        {
            return Ok(());
        }
        let others = self.named(request);
        let other = self.ask_b(&with(request, &others, instead)).await?;
        if masked(&other, &others, |named| named.of_nobody.clone()) != of_nobody {
            return varies(&absent, &other);
        }
        Err(format!(
            "B can tell that A has such a row in {}: the answer is another one than for an id that nobody has\n  \
             for A's:      {foreign}\n  for nobody's: {absent}",
            id.place.table
        ))
    }

    /// A's answer shows A's rows or depends on them or on who asks, or they have changed.
    async fn concerns_a(&mut self, request: &Request, by_a: &Answer, by_b: &Answer) -> Outcome {
        let shows = !self.shown(request, by_a).is_empty();
        let concerns_a = if request.is_reading() {
            grow(self.accounts).await;
            if !self.look_again().await? {
                return nothing("A can't get more rows, on which the answer may depend");
            }
            let again = self.ask(request, self.accounts.a.id).await;
            [by_b, &again].map(comparable) != [by_a, by_a].map(comparable)
        } else {
            self.look_again().await?
        };
        if concerns_a || shows {
            Ok(())
        } else {
            nothing(&format!("A's rows play no part in it: {by_a}"))
        }
    }

    /// Reads A's rows anew, and tells whether they are others.
    async fn look_again(&mut self) -> Outcome<bool> {
        let now = rows(self.accounts, self.accounts.a.id).await?;
        let changed = now != self.of_a;
        if changed {
            for (value, place) in without(now.values_since(&self.of_a), &self.values_of_b) {
                self.known.entry(value).or_insert(place);
            }
            self.of_a = now;
        }
        Ok(changed)
    }

    /// B is shown nothing still, and, where it only reads, what it was shown before.
    async fn is_answered_again(&self, request: &Request, before: &Answer) -> Outcome {
        let now = self.ask_b(request).await?;
        if !request.is_reading() || comparable(&now) == comparable(before) {
            return Ok(());
        }
        let again = self.ask_b(request).await?;
        if comparable(&again) != comparable(&now) {
            return varies(&now, &again);
        }
        Err(format!(
            "what B is answered depends on A's rows: it has changed since A got more\n  before: {before}\n  after:  {now}"
        ))
    }

    /// No id of A's has come into B's rows that no request said.
    async fn b_has_no_ids_of_a(&self) -> Outcome {
        let ids = without(self.known.clone(), &found(&self.known, &self.said));
        let of_b = rows(self.accounts, self.accounts.b.id).await?.values();
        let mut ids = ids
            .iter()
            .filter(|(value, _)| Uuid::parse_str(value).is_ok());
        match ids.find_map(|(id, place)| Some((id, place, of_b.get(id)?))) {
            None => Ok(()),
            Some((id, of_a, of_b)) => {
                Err(format!("B's rows have got {of_a} of A, {id}, in {of_b}"))
            }
        }
    }
}

fn nothing<T>(why: &str) -> Outcome<T> {
    Err(format!("it proves nothing: {why}"))
}

fn varies(one: &Answer, other: &Answer) -> Outcome {
    nothing(&format!(
        "the answer varies by itself; let the service take out of it what does\n  one:     {one}\n  another: {other}"
    ))
}

/// The request for B's own rows.
fn of_b(request: &Request, named: &[Named]) -> Outcome<Request> {
    match named.iter().find(|named| named.of_b.is_none()) {
        Some(Named { value, place, .. }) => nothing(&format!(
            "it says {place} of A, {value:?}, and B has no such row; make for B what was made for A"
        )),
        None => Ok(with(request, named, |named| named.of_b.clone())),
    }
}

/// The request with other values in place of A's.
fn with(request: &Request, named: &[Named], instead: impl Fn(&Named) -> Option<String>) -> Request {
    let replaced = |text: &str| {
        let values = named.iter();
        let values = values.filter_map(|named| Some((&named.value, instead(named)?)));
        values.fold(text.to_owned(), |text, (value, other)| {
            text.replace(value, &other)
        })
    };
    let headers = request.headers.iter();
    Request {
        method: request.method.clone(),
        path: replaced(&request.path),
        headers: headers
            .map(|(name, value)| (name.clone(), replaced(value)))
            .collect(),
        body: match str::from_utf8(&request.body) {
            Ok(body) => replaced(body).into_bytes(),
            Err(_) => request.body.clone(),
        },
    }
}

/// A value of the same kind that no row has; none for a text, which nothing has to be like.
fn of_nobody(value: &str) -> Option<String> {
    if Uuid::parse_str(value).is_ok() {
        return Some(Uuid::now_v7().to_string());
    }
    value.parse::<PurchaseCode>().ok()?;
    let mut random = [0; 15];
    getrandom::fill(&mut random).ok()?;
    Some(PurchaseCode::from_random(random).as_str().to_owned())
}

/// All of an answer but the time of day.
fn comparable(answer: &Answer) -> String {
    let headers = answer.headers.iter();
    let mut headers: Vec<String> = headers
        .map(|(name, value)| format!("{}: {value}\n", name.to_ascii_lowercase()))
        .filter(|header| !header.starts_with("date: "))
        .collect();
    headers.sort();
    let body = String::from_utf8_lossy(&answer.body);
    format!("{}\n{}\n{body}", answer.status, headers.concat())
}
