//! How Stripe is called: by the application, which has the HTTP client and Stripe's secret.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{AccountId, Currency, Error, pay_out::PayOut};

/// A transfer to be made, the same at each try.
///
/// `Debug` shows neither the connected account nor the idempotency key.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct TransferRequest {
    /// What to send as the header `Idempotency-Key`.
    #[serde(skip)]
    pub idempotency_key: String,
    /// The amount, in minor units.
    pub amount: i64,
    /// The amount's currency.
    pub currency: Currency,
    /// The connected account (`acct_…`) that is paid.
    pub destination: String,
    /// A name for this transfer alone, by which [`Transport::find_transfer`] finds it.
    pub transfer_group: String,
    /// What Stripe's events about the transfer carry: `account_id` and `pay_out_id`.
    pub metadata: BTreeMap<String, String>,
}

/// How a call of Stripe failed.
///
/// The texts are short codes such as Stripe's own (`balance_insufficient`), which are stored; anything else than letters,
/// digits, `_`, `-` and `.`, or more than 64 of them, is stored as `unspecified`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// Stripe has refused this transfer, and will again: nothing was done. The payout fails, and its shares are open again.
    #[error("refused: {0}")]
    Refused(String),
    /// Nothing was done, and it may go well later, such as when there are too many requests.
    #[error("not done: {0}")]
    Retry(String),
    /// It may have been done: the answer is missing, or says nothing of it.
    #[error("outcome unknown: {0}")]
    Unknown(String),
}

/// How Stripe is called; implemented by the application.
///
/// A call that takes longer than a third of [`WorkerOptions::lease`](super::WorkerOptions::lease) is given up, and counts as
/// [`TransportError::Unknown`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't call Stripe for the outbox",
    label = "not a `Transport`",
    note = "implement `access::outbox::Transport` for the type that holds the HTTP client and Stripe's secret"
)]
pub trait Transport: Send + Sync {
    /// Makes the transfer (`POST /v1/transfers` with [`TransferRequest::form`] and the header `Idempotency-Key`), and returns
    /// its id (`tr_…`).
    ///
    /// # Errors
    /// [`TransportError`]; for an answer's status and error, [`TransportError::of_answer`] knows which.
    fn create_transfer(
        &self,
        request: &TransferRequest,
    ) -> impl Future<Output = Result<String, TransportError>> + Send;

    /// The id of the transfer that this request has made, if it has (`GET /v1/transfers?transfer_group=…`).
    ///
    /// # Errors
    /// [`TransportError`], when it can't be known; the job is tried again later, whichever it is.
    fn find_transfer(
        &self,
        request: &TransferRequest,
    ) -> impl Future<Output = Result<Option<String>, TransportError>> + Send;
}

impl TransferRequest {
    pub(super) fn of(account: AccountId, payout: &PayOut) -> Self {
        let metadata = [
            ("account_id", account.to_string()),
            ("pay_out_id", payout.id.to_string()),
        ];
        Self {
            // With the account: ids are unique within an account, and an imported one may be another account's too,
            // whose key and group at Stripe it must not have.
            idempotency_key: format!("transfer-{account}-{}", payout.id),
            amount: payout.amount,
            currency: payout.currency,
            destination: payout.connected_account.clone(),
            transfer_group: format!(
                "pay_out_{}_{}",
                account.as_uuid().simple(),
                payout.id.as_uuid().simple()
            ),
            metadata: metadata.map(|(key, value)| (key.into(), value)).into(),
        }
    }

    /// The parameters of Stripe's call, to be sent as a form.
    #[must_use]
    pub fn form(&self) -> Vec<(String, String)> {
        let mut form = vec![
            ("amount".into(), self.amount.to_string()),
            ("currency".into(), self.currency.to_string().to_lowercase()),
            ("destination".into(), self.destination.clone()),
            ("transfer_group".into(), self.transfer_group.clone()),
        ];
        let metadata = self.metadata.iter();
        form.extend(metadata.map(|(key, value)| (format!("metadata[{key}]"), value.clone())));
        form
    }

    pub(super) fn to_json(&self) -> Result<Value, Error> {
        serde_json::to_value(self).map_err(|_| Error::Internal)
    }

    pub(super) fn from_json(json: Value, idempotency_key: String) -> Option<Self> {
        let request: Self = serde_json::from_value(json).ok()?;
        Some(Self {
            idempotency_key,
            ..request
        })
    }
}

impl fmt::Debug for TransferRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransferRequest")
            .field("amount", &self.amount)
            .field("currency", &self.currency)
            .field("transfer_group", &self.transfer_group)
            .finish_non_exhaustive()
    }
}

impl TransportError {
    /// What an answer of Stripe means that isn't a success: its status, and the `type` and `code` of its error.
    ///
    /// A refusal is only what is said of this transfer. A secret that Stripe doesn't know (401, 403) refuses every transfer,
    /// and fails none; a key that stands for another request, or for one that is under way, says that something was sent.
    /// See <https://docs.stripe.com/error-low-level>.
    #[must_use]
    pub fn of_answer(status: u16, kind: Option<&str>, code: Option<&str>) -> Self {
        let of_status = || format!("http_{status}");
        let code = code.or(kind).map_or_else(of_status, str::to_owned);
        match status {
            _ if kind == Some("idempotency_error") => Self::Unknown("idempotency_error".into()),
            400 | 402 | 404 => Self::Refused(code),
            401 | 403 | 429 => Self::Retry(code),
            _ => Self::Unknown(code),
        }
    }

    pub(super) fn code(&self) -> String {
        let (Self::Refused(code) | Self::Retry(code) | Self::Unknown(code)) = self;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        if (1..=64).contains(&code.len()) && code.bytes().all(plain) {
            code.clone()
        } else {
            "unspecified".to_owned()
        }
    }
}
