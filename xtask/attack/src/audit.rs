//! The whole database, held against all models while everything rests.

use crate::{
    compare::compare,
    judge::Stop,
    model::Model,
    problem::{Class, Problem},
    world::World,
};

impl World {
    /// Compares every account with its model, and finds rows of accounts that there aren't.
    pub(crate) async fn audit(&self) -> Result<(), Stop> {
        let _gate = self.gate.write().await;
        self.rest().await?;
        self.counts.outcome("comparisons of the whole database");
        let mut known = Vec::new();
        for slot in &self.slots {
            let Some(state) = slot.state() else {
                continue;
            };
            self.same(&state.model, state.instead.as_deref()).await?;
            known.push(state.model.id.as_uuid());
        }
        for shared in &self.shared {
            let account = shared.audit(self).await?;
            known.extend(account.map(|account| account.as_uuid()));
        }
        match self.admin.strangers(&known).await? {
            None => Ok(()),
            Some(stranger) => {
                let nothing = "no rows of an account that isn't there";
                Err(Problem::new(Class::FalseFailures, nothing, &stranger, "").into())
            }
        }
    }

    /// Compares an account with its model, or with what it may be instead.
    pub(crate) async fn same(&self, model: &Model, instead: Option<&Model>) -> Result<(), Stop> {
        let rows = self.admin.rows(model.id).await?;
        let Err(difference) = compare(model, &rows) else {
            return Ok(());
        };
        if instead.is_some_and(|instead| compare(instead, &rows).is_ok()) {
            return Ok(());
        }
        let class = match (&difference.expected, &difference.found) {
            (Some(_), None) => Class::LostWrites,
            (None, Some(_)) => Class::FalseFailures,
            _ => Class::WrongAnswers,
        };
        let expected = format!("{:?}", difference.expected);
        let got = format!("{:?} in {}", difference.found, difference.table);
        let mut problem = Problem::new(class, &expected, &got, &model.tag);
        problem.operation = "the whole database, compared".to_owned();
        Err(problem.into())
    }
}
