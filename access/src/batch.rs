//! Several reads in one flight.

use std::future::Future;

use futures_util::future::{Join, Join3, Join4, Join5, join, join3, join4, join5};

use crate::Tenant;

/// Calls to be awaited together: a tuple of two to five.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no list of calls",
    label = "not a tuple of two to five calls",
    note = "give the calls without `.await`: `(stripe_payments::get(&tenant, id), pay_out::list(&tenant, &list))`"
)]
pub trait Reads: sealed::Sealed {
    /// What each of them returns, in the same order.
    type Output;
    #[doc(hidden)]
    type Joined: Future<Output = Self::Output>;
    #[doc(hidden)]
    fn joined(self) -> Self::Joined;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! reads {
    ($($joined:ident $join:ident ($($read:ident $field:tt),+);)*) => {$(
        impl<$($read: Future),+> sealed::Sealed for ($($read,)+) {}
        impl<$($read: Future),+> Reads for ($($read,)+) {
            type Output = ($($read::Output,)+);
            type Joined = $joined<$($read),+>;
            fn joined(self) -> Self::Joined {
                $join($(self.$field),+)
            }
        }
    )*};
}

reads! {
    Join join (A 0, B 1);
    Join3 join3 (A 0, B 1, C 2);
    Join4 join4 (A 0, B 1, C 2, D 3);
    Join5 join5 (A 0, B 1, C 2, D 3, E 4);
}

impl Tenant {
    /// Runs reads that don't need each other's outcome in one flight, and returns what each returns, in the same order.
    ///
    /// The calls are given as they are, without `.await`. Each still sees what was committed when it began, and no more: what
    /// is to be one moment's view needs a transaction at REPEATABLE READ, whose handle has this function too. A call that
    /// changes something runs as it would alone.
    ///
    /// ```
    /// # use access::{Error, StripePaymentId, Tenant, account_payment_settings, stripe_payments};
    /// # async fn page(tenant: &Tenant, id: StripePaymentId) -> Result<(), Error> {
    /// let (payment, settings) = tenant
    ///     .batch((
    ///         stripe_payments::get(tenant, id),
    ///         account_payment_settings::get(tenant),
    ///     ))
    ///     .await;
    /// println!("{} {}", payment?.amount, settings?.version);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn batch<R: Reads>(&self, reads: R) -> R::Output {
        self.guard.batch(reads.joined()).await
    }
}
