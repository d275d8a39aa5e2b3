use crate::lock::Lock;
use crate::psql::{identifier, literal};
use crate::roles::{self, Made};
use crate::{Passwords, Result, Server};

/// Roles and databases.
impl Server {
    /// Makes the roles where they are missing. `given` holds passwords for logins that are made
    /// or, with `rotate`, changed; the others' are generated. They are remembered for
    /// [`Server::url`].
    ///
    /// # Errors
    ///
    /// When the administrator may not create roles, or a password isn't printable ASCII.
    pub fn make_roles(&mut self, given: &Passwords, rotate: bool) -> Result<Made> {
        let _lock = self.lock()?;
        // Another process may have made them since.
        let known = Passwords::read(&self.passwords_file)?;
        let maintenance = &self.admin.database;
        let existing = self.psql(maintenance, "SELECT rolname FROM pg_roles")?;
        let existing: Vec<&str> = existing.lines().collect();
        let lost = !self.is_brought;
        let plan = roles::plan(&existing, &known, given, rotate, lost);
        let set: Vec<_> = (plan.set.iter())
            .map(|(login, password)| (*login, password))
            .collect();
        self.psql(maintenance, &roles::sql(&set)?)?;
        plan.passwords.write(&self.passwords_file)?;
        self.passwords = plan.passwords;
        Ok(plan.made)
    }

    /// Keeps other processes of this user from making roles or the same database.
    fn lock(&self) -> Result<Lock> {
        Lock::exclusive(&self.passwords_file.with_file_name("administration.lock"))
    }

    /// Makes a database with the extension and all grants, or a clone of a template, with the
    /// grants that a clone loses.
    ///
    /// # Errors
    ///
    /// When it exists, or the template doesn't.
    pub fn create_database(&self, name: &str, template: Option<&str>) -> Result<()> {
        let maintenance = &self.admin.database;
        let database = identifier(name);
        match template {
            Some(template) => {
                let template = identifier(template);
                let create = format!("CREATE DATABASE {database} TEMPLATE {template};\n");
                self.psql(maintenance, &(create + &roles::database_grants(name)))?;
            }
            None => {
                self.psql(maintenance, &format!("CREATE DATABASE {database}"))?;
                self.prepare_database(name)?;
            }
        }
        Ok(())
    }

    /// Makes a database unless it exists, and repeats the extension and the grants.
    ///
    /// # Errors
    ///
    /// When the administrator may not do so.
    pub fn ensure_database(&self, name: &str) -> Result<()> {
        let _lock = self.lock()?;
        if self.database_exists(name)? {
            self.prepare_database(name)
        } else {
            self.create_database(name, None)
        }
    }

    fn prepare_database(&self, name: &str) -> Result<()> {
        self.psql(name, &roles::database_sql(name)).map(drop)
    }

    /// Drops a database if it exists, and ends its sessions.
    ///
    /// # Errors
    ///
    /// When the administrator may not do so.
    pub fn drop_database(&self, name: &str) -> Result<()> {
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", identifier(name));
        let quiet = format!("SET client_min_messages = warning;\n{sql};\n");
        self.psql(&self.admin.database, &quiet).map(drop)
    }

    /// Whether a database exists.
    ///
    /// # Errors
    ///
    /// When the server can't be reached.
    pub fn database_exists(&self, name: &str) -> Result<bool> {
        let sql = format!(
            "SELECT 1 FROM pg_database WHERE datname = {}",
            literal(name)
        );
        Ok(self.psql(&self.admin.database, &sql)? == "1")
    }

    pub(crate) fn rename_database(&self, from: &str, to: &str) -> Result<()> {
        let (from, to) = (identifier(from), identifier(to));
        let sql = format!("ALTER DATABASE {from} RENAME TO {to}");
        self.psql(&self.admin.database, &sql).map(drop)
    }

    /// Names of all databases but PostgreSQL's own, the newest first.
    pub(crate) fn databases(&self) -> Result<Vec<String>> {
        let sql = "SELECT datname FROM pg_database \
                   WHERE datname NOT IN ('postgres', 'template0', 'template1') ORDER BY oid DESC";
        let names = self.psql(&self.admin.database, sql)?;
        Ok(names.lines().map(str::to_owned).collect())
    }
}
